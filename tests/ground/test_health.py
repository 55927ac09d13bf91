"""/livez and /readyz, the request's id, and logs without personal data."""

import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils.module_loading import import_string
from pytest_django.fixtures import Settings
from redis import Redis

from backmarket import health, jobs, logs
from backmarket.management.commands import run_jobs
from backmarket.tasks import heartbeat, run_job

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    health._require_migrations.cache_clear()
    cache.delete(health.HEARTBEAT)
    yield
    cache.delete(health.HEARTBEAT)


def readiness(client: Client) -> tuple[int, dict[str, Any]]:
    answer = client.get("/readyz")
    return answer.status_code, answer.json()


def test_a_live_process_says_so(client: Client) -> None:
    answer = client.get("/livez")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert "no-store" in answer["Cache-Control"]


def test_ready_once_a_worker_has_beaten(client: Client) -> None:
    assert readiness(client) == (503, {"ready": False, "failing": ["worker"]})
    heartbeat()
    assert readiness(client) == (200, {"ready": True, "failing": []})


def test_a_heartbeat_counts_for_a_minute(settings: Settings) -> None:
    heartbeat()
    with Redis.from_url(settings.REDIS_URL) as broker:
        assert 55 < broker.ttl(cache.make_key(health.HEARTBEAT)) <= 60


def test_an_unapplied_migration_is_not_ready(client: Client) -> None:
    heartbeat()
    last = MigrationRecorder(connection).migration_qs.filter(app="events").order_by("-pk").first()
    assert last is not None
    last.delete()
    assert readiness(client) == (503, {"ready": False, "failing": ["migrations"]})


def test_an_unreachable_broker_is_named_without_its_address(client: Client, settings: Settings) -> None:
    heartbeat()
    settings.REDIS_URL = "redis://:secret@127.0.0.1:1/0"
    assert readiness(client) == (503, {"ready": False, "failing": ["broker"]})


@pytest.mark.django_db(transaction=True)
def test_an_unreachable_database_is_named(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    heartbeat()
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "HOST", "/nowhere")
    try:
        status, body = readiness(client)
    finally:
        monkeypatch.undo()
    assert (status, body["failing"]) == (503, ["database", "migrations"])


@pytest.mark.parametrize(
    ("given", "kept"), [("a1b2c3d4-e5f6", True), ("short", False), ("x" * 65, False), ("a b; c=<script>", False)]
)
def test_a_request_keeps_its_callers_id_only_when_well_formed(client: Client, given: str, kept: bool) -> None:
    answer = client.get("/livez", headers={"X-Request-ID": given})
    assert (answer["X-Request-ID"] == given) is kept
    assert logs.REQUEST_ID.fullmatch(answer["X-Request-ID"])


def test_logs_name_the_route_and_no_person() -> None:
    written = io.StringIO()
    handler = logging.getLogger().handlers[0]
    logs.configure(json=True)
    try:
        logging.getLogger().handlers[0].setStream(written)  # type: ignore[attr-defined]
        logging.getLogger("shop").warning("mail to %s, IBAN FR7630006000011234567890189", "alice@example.org")
        logging.getLogger("shop").warning("call +33 6 12 34 56 78 about 356938035643809")
    finally:
        logs.configure(json=False)
        logging.getLogger().handlers[0] = handler
    events = [json.loads(line)["event"] for line in written.getvalue().splitlines()]
    assert events == ["mail to <email>, IBAN <iban>", "call <number> about <number>"]


def test_a_job_runs_as_if_it_were_then() -> None:
    out = io.StringIO()
    call_command("run_jobs", "publish_events", "--at", "2027-11-30T03:00+01:00", stdout=out)
    assert out.getvalue() == "publish_events: 0\n"
    assert run_jobs.instant("2027-11-30T03:00+01:00") == datetime(2027, 11, 30, 2, tzinfo=UTC)


@pytest.mark.parametrize(("text", "why"), [("2027-11-30T03:00", "has no time zone"), ("soon", "is not a time")])
def test_a_time_without_zone_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(CommandError, match=why):
        call_command("run_jobs", "--at", text)


def test_an_unknown_job_is_refused_with_the_known_ones() -> None:
    with pytest.raises(CommandError, match=r"unknown job: make_coffee\. Known: .*publish_events"):
        call_command("run_jobs", "make_coffee")


def test_a_failed_job_is_reported_after_the_others_ran(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(jobs.JOBS, "broken", jobs.Job("operator.itemgetter", jobs.SECONDS))
    out = io.StringIO()
    with pytest.raises(CommandError, match="failed: broken"):
        call_command("run_jobs", "broken", "publish_events", stdout=out)
    assert out.getvalue().splitlines()[1] == "publish_events: 0"


def test_every_job_of_the_schedule_exists_and_runs_by_name(settings: Settings) -> None:
    schedule = jobs.beat_schedule()
    assert [entry["args"][0] for name, entry in schedule.items() if name != "heartbeat"] == jobs.names()
    assert {entry["task"] for entry in schedule.values()} == {run_job.name, heartbeat.name}
    for name in jobs.JOBS:
        assert callable(import_string(jobs.JOBS[name].function)), name
    settings.COURIER_GATEWAY = "real"
    assert "advance_courier" not in jobs.beat_schedule()
