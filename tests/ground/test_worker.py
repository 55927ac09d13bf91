"""What a worker process does before its first task."""

import subprocess
import sys


def test_a_worker_gives_way_to_the_web_server() -> None:
    asked = (
        "import os, backmarket.celery; from celery.signals import worker_process_init as begun; before = os.nice(0); "
    )
    done = subprocess.run(
        [sys.executable, "-c", asked + "begun.send(sender=None); print(os.nice(0) - before)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "10"
