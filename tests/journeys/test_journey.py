"""The whole circle, as `make journey` plays it: a web server, a worker and a database of its own."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings

from backmarket import embedded, local

OWN = ("DJANGO_SETTINGS_MODULE", "TESTING", "DATABASE_URL", "REDIS_URL", "SECRET_KEY")


def files_of_journeys() -> set[str]:
    """The folders of labels and photos that runs have left, or that one killed long ago did."""
    return {path.name for path in (embedded.var_dir() / "journey").glob("journey_*")}


@pytest.mark.journey
def test_the_circle_runs_from_the_drawer_to_the_end_of_the_guarantee() -> None:
    inherited = {name: text for name, text in os.environ.items() if name not in OWN}
    before = files_of_journeys()
    run = subprocess.run(
        [sys.executable, "manage.py", "journey", "--json"],
        cwd=settings.BASE_DIR,
        env={**inherited, **local.environment()},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    result = json.loads(run.stdout.splitlines()[-1])
    assert result["failed"] == []
    assert result["ledger_sum"] == 0
    assert len(result["steps"]) >= 25
    assert all(set(step) == {"step", "ok", "detail"} and step["ok"] for step in result["steps"])
    assert files_of_journeys() <= before
