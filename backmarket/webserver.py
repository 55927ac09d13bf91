"""The production web server, as the container, the demo, the bench and the tests start it: `python -m
backmarket.webserver [HOST:PORT]`.

Two processes, one for each processor that a container is given, of two threads: with more of them people wait longer
for each other than for the database (docs/performance.md). More comes by more containers, or by granian's own
variables (GRANIAN_WORKERS, GRANIAN_BLOCKING_THREADS).
"""

import os
import sys

HOST, PORT = "0.0.0.0", 8000  # noqa: S104 - inside a container, behind its proxy
SETTINGS = {
    "GRANIAN_INTERFACE": "wsgi",
    "GRANIAN_HTTP": "1",
    "GRANIAN_WEBSOCKETS": "false",
    "GRANIAN_WORKERS": "2",
    "GRANIAN_BLOCKING_THREADS": "2",
    # A thread has a connection to the database, with its prepared statements.
    "GRANIAN_BLOCKING_THREADS_IDLE_TIMEOUT": "600",
    # The proxy closes idle connections after thirty seconds: were we the first, a form could be sent into one that is
    # just being closed. It is also how long a client may take over its headers.
    "GRANIAN_HTTP1_HEADER_READ_TIMEOUT": "60000",
    "GRANIAN_RESPAWN_FAILED_WORKERS": "true",
    "GRANIAN_WORKERS_MAX_RSS": "700",
    "GRANIAN_WORKERS_KILL_TIMEOUT": "25",
    "GRANIAN_LOG_LEVEL": "warning",
}


def command(port: int, *, host: str = HOST) -> list[str]:
    """The arguments of Python that start it."""
    return ["-m", "backmarket.webserver", f"{host}:{port}"]


def main() -> None:
    """Become the server: its signals and its end are ours."""
    host, _colon, port = (sys.argv[1] if len(sys.argv) > 1 else f"{HOST}:{PORT}").rpartition(":")
    served = ["-m", "granian", "--host", host, "--port", port, "backmarket.wsgi:application"]
    os.execve(sys.executable, [sys.executable, *served], SETTINGS | os.environ)  # noqa: S606 - no shell


if __name__ == "__main__":
    main()
