"""`manage.py demo`: everything starts, everything stops, and what goes wrong is named."""

import contextlib
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest

from backmarket import embedded, local
from backmarket.management.demo_logins import LOGINS

ROOT = Path(embedded.__file__).parents[1]
PATIENCE = 180


@dataclass
class Demo:
    """One installation of its own, below a folder that the test throws away."""

    var: Path
    port: int
    process: "subprocess.Popen[str] | None" = None
    lines: list[str] = field(default_factory=list)
    extra: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        foreign = ("TESTING", "DJANGO_SETTINGS_MODULE", "DATABASE_URL", "REDIS_URL", "MAKELEVEL")
        inherited = {name: text for name, text in os.environ.items() if name not in foreign}
        own = {"BACKMARKET_VAR": str(self.var), "PORT": str(self.port), "STATIC_ROOT": str(self.var / "static")}
        return {**inherited, **own, **self.extra}

    def start(self) -> None:
        self.lines = []
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "demo"],
            cwd=ROOT,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._read, args=[self.process], daemon=True).start()

    def _read(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        self.lines.extend(process.stdout)

    @property
    def said(self) -> str:
        return "".join(self.lines)

    def wait_for(self, words: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while words not in self.said:
            assert time.monotonic() < deadline, self.said
            assert self.process is not None
            assert self.process.poll() is None or words in self.said, self.said
            time.sleep(0.1)

    def end(self) -> int:
        assert self.process is not None
        with self.process:
            return self.process.wait(60)

    def processes(self) -> list[psutil.Process]:
        """Every living process of this installation, the database's included."""
        marks = {str(self.var), str((self.var / "postgres").resolve())}
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                words = " ".join([*process.cmdline(), *process.environ().values()])
                if process.pid != os.getpid() and any(mark in words for mark in marks):
                    found.append(process)
        return found

    def child(self, word: str) -> psutil.Process:
        assert self.process is not None
        children = psutil.Process(self.process.pid).children()
        return next(child for child in children if word in child.cmdline())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    with tempfile.TemporaryDirectory() as folder:
        demo = Demo(Path(folder).resolve() / "var", free_port())
        yield demo
        if demo.process and demo.process.poll() is None:
            demo.process.terminate()
            demo.end()
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("DATABASE_URL", raising=False)
            patch.delenv("REDIS_URL", raising=False)
            embedded.erase(demo.var)


@pytest.fixture
def running(demo: Demo) -> Iterator[Demo]:
    demo.start()
    demo.wait_for("Ctrl-C stops everything")
    yield demo
    assert demo.process is not None
    if demo.process.poll() is None:
        demo.process.terminate()
        demo.end()


def test_a_taken_port_is_named_and_nothing_is_started(demo: Demo) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", demo.port))
        other.listen()
        demo.start()
        assert demo.end() == 1
    assert f"cannot use port {demo.port}: Address already in use" in demo.said
    assert demo.processes() == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PORT", "abc"),
        ("PORT", "99999"),
        ("PORT", "0"),
        ("DATABASE_URL", "postgresql://shop:hidden-word@127.0.0.1:1/shop"),
        ("DATABASE_URL", "mysql://shop:hidden-word@127.0.0.1/shop"),
        ("REDIS_URL", "redis://:hidden-word@127.0.0.1:1/0"),
        ("REDIS_URL", "hidden-word"),
    ],
)
def test_a_wrong_value_is_named_in_a_sentence_and_nothing_keeps_running(demo: Demo, name: str, text: str) -> None:
    demo.extra = {name: text}
    demo.start()
    demo.extra = {}  # the others start the same installation as it is
    assert demo.end() == 1
    assert name in demo.said
    assert "Traceback" not in demo.said
    assert "hidden-word" not in demo.said
    assert demo.processes() == []


def test_make_compiles_whatever_the_environment_says() -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    probe = ["make", "--eval", "probe: ; @echo [$$PYTHONDONTWRITEBYTECODE]", "probe"]
    said = subprocess.run(
        probe,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert said.stdout == "[]\n"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_stops_every_process_and_keeps_the_data(running: Demo, how: signal.Signals) -> None:
    line = HTTPConnection("127.0.0.1", running.port, timeout=10)
    line.request("GET", "/readyz")
    assert line.getresponse().read() == b'{"ready": true, "failing": []}'
    line.close()
    assert f"http://127.0.0.1:{running.port}" in running.said
    for _role, email, password, _waiting in LOGINS:
        assert email in running.said
        assert password in running.said
    assert len(running.processes()) > 6
    assert running.process is not None
    running.process.send_signal(how)
    assert running.end() == 0
    assert running.processes() == []
    assert (running.var / "postgres/data/PG_VERSION").exists()


def test_a_process_that_dies_is_named_and_takes_the_rest_with_it(running: Demo) -> None:
    running.child("beat").send_signal(signal.SIGKILL)
    assert running.end() == 1
    assert "The beat process ended by itself (exit code -9)" in running.said
    assert running.processes() == []


def test_the_secrets_of_an_installation_are_its_own_and_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "8123")
    monkeypatch.setenv("BACKMARKET_VAR", str(tmp_path / "a"))
    first = local.environment()
    assert local.environment() == first
    assert first["SITE_URL"] == "http://127.0.0.1:8123"
    assert [file.name for file in (tmp_path / "a").iterdir()] == ["secrets.env"]
    assert stat.S_IMODE((tmp_path / "a/secrets.env").stat().st_mode) == 0o600
    monkeypatch.setenv("BACKMARKET_VAR", str(tmp_path / "b"))
    assert local.environment()["SECRET_KEY"] != first["SECRET_KEY"]
