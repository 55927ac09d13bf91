"""Is this container doing its work? `python deploy/healthcheck.py web|worker|beat`: exit 0 when it is."""

import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

BEAT_SCHEDULE = Path("/tmp/celerybeat-schedule")  # noqa: S108 - the container's own
BEAT_SILENCE = 600  # beat writes its schedule at least every three minutes


def web() -> bool:
    host = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].strip()
    headers = {"Host": host, "X-Forwarded-Proto": "https"}
    request = urllib.request.Request("http://127.0.0.1:8000/livez", headers=headers)
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
        return bool(answer.status == 200)


def worker() -> bool:
    node = f"celery@{os.uname().nodename}"
    ping = ["celery", "-A", "backmarket", "inspect", "ping", "--destination", node, "--timeout", "5"]
    return subprocess.run(ping, stdout=subprocess.DEVNULL).returncode == 0


def beat() -> bool:
    files = BEAT_SCHEDULE.parent.glob(f"{BEAT_SCHEDULE.name}*")
    return any(time.time() - file.stat().st_mtime < BEAT_SILENCE for file in files)


if __name__ == "__main__":
    sys.exit(0 if {"web": web, "worker": worker, "beat": beat}[sys.argv[1]]() else 1)
