"""Children of one foreground command: each in its own group, none of them left behind."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from backmarket import embedded

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
STOP_SECONDS = 15
RESTARTED = ("worker", "beat")  # runserver reloads itself


class ChildDied(Exception):
    """A process ended by itself; the message says which, how, and its last log lines."""


def _prctl(option: int, value: int) -> None:
    with contextlib.suppress(AttributeError, OSError):  # Linux only; elsewhere the groups have to do
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _catches_interrupts(process: int) -> bool:
    """Whether the process handles SIGINT. make stops doing so once it got one, then waits for us without a word."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False
    caught = next((line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:")), "0")
    return bool(int(caught, 16) & 1 << (signal.SIGINT - 1))


class Processes:
    """What runs under one command, by name; their words go to files in `logs`."""

    def __init__(self, logs: Path, cwd: Path) -> None:
        self.logs, self.cwd = logs, cwd
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.commands: dict[str, tuple[str, ...]] = {}
        logs.mkdir(parents=True, exist_ok=True)
        _prctl(PR_SET_CHILD_SUBREAPER, 1)
        under_make = "MAKELEVEL" in os.environ
        if under_make:
            _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)  # if make is killed, nobody is left at the keyboard
        self.make_caught_interrupts = under_make and _catches_interrupts(os.getppid())

    def start(self, name: str, *arguments: str) -> None:
        """Start a Python process of this environment; it dies with us, whatever kills us."""
        self.commands[name] = arguments
        servers = {"DATABASE_URL": embedded.database_url(), "REDIS_URL": embedded.redis_url()}
        with (self.logs / f"{name}.log").open("wb") as log:
            self.children[name] = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=self.cwd,
                env={**os.environ, **servers, "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=lambda: _prctl(PR_SET_PDEATHSIG, signal.SIGTERM),
            )

    def check(self, patient: frozenset[str] = frozenset()) -> None:
        """Raises `ChildDied` for the first process that has ended, KeyboardInterrupt when make was interrupted."""
        if self.make_caught_interrupts and not _catches_interrupts(os.getppid()):
            raise KeyboardInterrupt
        for name, child in self.children.items():
            if (code := child.poll()) is not None and name not in patient:
                tail = (self.logs / f"{name}.log").read_text(errors="replace").splitlines()[-15:]
                raise ChildDied("\n    ".join([f"The {name} process ended by itself (exit code {code}):", *tail]))

    def watch(self, changed: Callable[[], bool], patient: frozenset[str] = frozenset()) -> None:
        """Until a process dies (`ChildDied`) or a signal comes: start worker and beat again when asked to.

        Those named in `patient` may die and lie until the code changes: a typo ends nobody's session.
        """
        while True:
            time.sleep(0.5)
            self.check(patient)
            if changed():
                self.stop(*RESTARTED)
                for name in RESTARTED:
                    self.start(name, *self.commands[name])

    def stop(self, *names: str) -> None:
        """Ask kindly, wait, then insist on every process of every group."""
        leaving = {name: self.children.pop(name) for name in names or tuple(self.children)}
        for child in leaving.values():
            with contextlib.suppress(ProcessLookupError):
                child.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for child in leaving.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(max(0.0, deadline - time.monotonic()))
        for child in leaving.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()

    def reap(self) -> None:
        """Bury adopted grandchildren, which an init-less container would keep as zombies."""
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
