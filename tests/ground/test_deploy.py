"""The deployment files: what no engine runs here still has to fit together."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.checks.registry import registry

from backmarket import webserver
from backmarket.payments.checks import stripe_is_whole

ROOT = Path(__file__).parents[2]
FILLED_IN = {
    "POSTGRES_PASSWORD": "p" * 30,
    "SECRET_KEY": "only-for-this-test-0123456789-abcdefghijklmnopqrstuvwxyz",
    "FIELD_ENCRYPTION_KEYS": "b25seS1mb3ItZGV2ZWxvcG1lbnQtYW5kLXRlc3RzISE=",
    "SITE_HOST": "shop.example",
    "EMAIL_HOST": "smtp.example",
    "ALLOW_SANDBOX": "0",
    "STRIPE_SECRET_KEY": "sk_test_only",
    "STRIPE_PUBLISHABLE_KEY": "pk_test_only",
    "STRIPE_WEBHOOK_SECRET": "whsec_test_only",
    "HOUSE_NAME": "Back Market SAS",
    "HOUSE_ADDRESS": "1 rue de l'Exemple; 75000 Paris",
    "HOUSE_REGISTRATION": "RCS Paris 000 000 000",
    "HOUSE_VAT_NUMBER": "FR00000000000",
    "SEPA_DEBTOR_NAME": "Back Market",
    "SEPA_DEBTOR_IBAN": "FR7630006000011234567890189",
    "SEPA_DEBTOR_BIC": "AGRIFRPP",
    "COURIER_GATEWAY": "easypost",
    "EASYPOST_API_KEY": "EZAK-only-for-tests",
    "EASYPOST_WEBHOOK_SECRET": "only-for-tests",
    "EASYPOST_CARRIER_ACCOUNTS": "ca_1",
    "DEVICE_REGISTRY": "json.Registry",
}
APP = ("web", "worker", "beat", "migrate")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


def filled_in(text: str) -> str:
    """The text as compose would interpolate it."""
    return re.sub(r"\$\{(\w+)(?::[-?]([^}]*))?\}", lambda m: FILLED_IN.get(m[1], m[2] if ":-" in m[0] else ""), text)


def environment(compose: dict[str, Any], service: str) -> dict[str, str]:
    return {name: filled_in(text) for name, text in compose["services"][service]["environment"].items()}


def read_by_settings() -> set[str]:
    """Every variable whose name settings.py passes to one of its env helpers, or reads itself."""
    found = set()
    for node in ast.walk(ast.parse((ROOT / "backmarket/settings.py").read_text())):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            helper = ast.unparse(node.func)
            if helper.startswith("env") or helper == "os.environ.get":
                found.add(node.args[0].value)
    return found


def load_settings(env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    code = "import backmarket.settings as s; print(s.DEBUG, s.SECURE_SSL_REDIRECT, s.SITE_URL)"
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={"PATH": os.environ["PATH"], **env}, capture_output=True, text=True
    )


def test_the_services_are_all_there(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {*APP, "db", "redis", "proxy"}


def test_web_and_worker_can_be_scaled(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert "container_name" not in service, name
        assert "ports" not in service or name == "proxy", name


def test_every_lasting_service_has_a_health_check(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["healthcheck"].get("test") or name == "migrate", name


def test_nothing_serves_before_the_migrations_are_done(compose: dict[str, Any]) -> None:
    for name in ("web", "worker", "beat"):
        conditions = {on: how["condition"] for on, how in compose["services"][name]["depends_on"].items()}
        assert conditions == {
            "migrate": "service_completed_successfully",
            "db": "service_healthy",
            "redis": "service_healthy",
        }
    assert "migrate" not in compose["services"]["migrate"]["depends_on"]
    assert compose["services"]["migrate"]["restart"] == "no"


def test_every_named_volume_is_declared_and_used(compose: dict[str, Any]) -> None:
    mounts = [mount.split(":")[0] for service in compose["services"].values() for mount in service.get("volumes", [])]
    assert {mount for mount in mounts if not mount.startswith(".")} == set(compose["volumes"])
    assert all((ROOT / mount).is_file() for mount in mounts if mount.startswith("."))


def test_every_variable_is_read_by_settings(compose: dict[str, Any]) -> None:
    for name in APP:
        assert set(compose["services"][name]["environment"]) - read_by_settings() == set()


def test_production_starts_with_what_compose_sets(compose: dict[str, Any]) -> None:
    for name in APP:
        done = load_settings(environment(compose, name))
        assert (done.stdout, done.returncode) == ("False True https://shop.example\n", 0), done.stderr


@pytest.mark.parametrize("name", ["SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "ALLOWED_HOSTS", "EMAIL_HOST"])
def test_production_names_what_is_missing(compose: dict[str, Any], name: str) -> None:
    env = environment(compose, "web")
    del env[name]
    done = load_settings(env)
    assert done.returncode != 0
    assert name in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PAYMENT_GATEWAY", "sandbox"),
        ("DEVICE_REGISTRY", "sandbox"),
        ("DEVICE_REGISTRY", "catalog.registry.SandboxRegistry"),
    ],
)
def test_a_sandbox_in_production_needs_an_explicit_word(compose: dict[str, Any], name: str, text: str) -> None:
    done = load_settings({**environment(compose, "web"), name: text})
    assert done.returncode != 0
    assert "ALLOW_SANDBOX=1" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"PAYOUT_GATEWAY": "sandbox"}, "ALLOW_SANDBOX=1"),
        ({"PAYOUT_GATEWAY": "cheque"}, "PAYOUT_GATEWAY"),
        ({"SEPA_DEBTOR_IBAN": "FR7630006000011234567890180"}, "SEPA_DEBTOR_IBAN"),
        ({"SEPA_DEBTOR_BIC": ""}, "SEPA_DEBTOR_BIC"),
        ({"PAYOUT_GATEWAY": "stripe"}, "STRIPE_FINANCIAL_ACCOUNT"),
        ({"PAYOUT_GATEWAY": "stripe", "STRIPE_FINANCIAL_ACCOUNT": "fa_1"}, "STRIPE_PAYOUT_WEBHOOK_SECRET"),
    ],
)
def test_payouts_start_only_with_all_that_they_need(
    compose: dict[str, Any], changes: dict[str, str], named: str
) -> None:
    done = load_settings({**environment(compose, "web"), **changes})
    assert done.returncode != 0
    assert named in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("name", ["STRIPE_PUBLISHABLE_KEY", "STRIPE_WEBHOOK_SECRET"])
def test_a_deployment_with_half_of_stripe_is_complained_about(settings: Any, name: str) -> None:
    settings.STRIPE_SECRET_KEY, settings.STRIPE_PUBLISHABLE_KEY, settings.STRIPE_WEBHOOK_SECRET = "sk", "pk", "whsec"
    assert stripe_is_whole(None) == []
    setattr(settings, name, "")
    assert [message.msg for message in stripe_is_whole(None)] == [f"STRIPE_SECRET_KEY is set and {name} is not."]
    assert stripe_is_whole in registry.get_checks(include_deployment_checks=True)
    settings.STRIPE_SECRET_KEY = ""
    assert stripe_is_whole(None) == []


def test_how_money_leaves_has_to_be_said_where_it_is_real(compose: dict[str, Any]) -> None:
    env = environment(compose, "web")
    del env["PAYOUT_GATEWAY"]
    done = load_settings(env)
    assert done.returncode != 0
    assert "PAYOUT_GATEWAY" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"COURIER_GATEWAY": "pigeon"}, "COURIER_GATEWAY"),
        ({"EASYPOST_API_KEY": ""}, "EASYPOST_API_KEY"),
        ({"EASYPOST_WEBHOOK_SECRET": ""}, "EASYPOST_WEBHOOK_SECRET"),
        ({"EASYPOST_CARRIER_ACCOUNTS": ""}, "EASYPOST_CARRIER_ACCOUNTS"),
        ({"EASYPOST_BOX": "1,2,3"}, "EASYPOST_BOX"),
        ({"EASYPOST_USD_RATE": "much"}, "EASYPOST_USD_RATE"),
        ({"EASYPOST_TIMEOUT": "0"}, "EASYPOST_TIMEOUT"),
    ],
)
def test_the_courier_starts_only_with_all_that_it_needs(
    compose: dict[str, Any], changes: dict[str, str], named: str
) -> None:
    done = load_settings({**environment(compose, "web"), **changes})
    assert done.returncode != 0
    assert named in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("sandboxes", ["0", "1"])
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PAYMENT_GATEWAY", "sandbx"),
        ("COURIER_GATEWAY", "Sandbox"),
        ("DEVICE_REGISTRY", "sandbx"),
        ("DEVICE_REGISTRY", "nowhere.at.all.Registry"),
        ("FIELD_ENCRYPTION_KEYS", "too-short"),
        ("FIELD_ENCRYPTION_KEYS", FILLED_IN["FIELD_ENCRYPTION_KEYS"] + ",too-short"),
        ("DATABASE_URL", "mysql://shop:hidden-word@db/shop"),
        ("DATABASE_URL", "postgresql://shop:hidden-word@db:port/shop"),
        ("MARKET_COUNTRY", "ZZ"),
        ("MARKET_COUNTRY", "fr"),
    ],
)
def test_a_wrong_value_stops_the_start_with_a_sentence_that_names_it(
    compose: dict[str, Any], name: str, text: str, sandboxes: str
) -> None:
    done = load_settings({**environment(compose, "web"), "ALLOW_SANDBOX": sandboxes, name: text})
    assert done.returncode != 0
    last = done.stderr.splitlines()[-1]
    assert last.startswith("django.core.exceptions.ImproperlyConfigured: ")
    assert name in last
    assert "too-short" not in done.stderr
    assert "hidden-word" not in done.stderr


def test_compose_asks_for_every_secret_that_it_does_not_invent() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    assert set(re.findall(r"\$\{(\w+):\?", text)) == {
        "POSTGRES_PASSWORD",
        "SECRET_KEY",
        "FIELD_ENCRYPTION_KEYS",
        "SITE_HOST",
        "EMAIL_HOST",
        "HOUSE_NAME",
        "HOUSE_ADDRESS",
        "HOUSE_REGISTRATION",
        "HOUSE_VAT_NUMBER",
    }


def test_the_image_is_built_in_stages_and_runs_without_root() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert sum(line.startswith("FROM ") for line in lines) == 2
    last_stage = lines[max(i for i, line in enumerate(lines) if line.startswith("FROM ")) :]
    assert "USER app" in last_stage
    assert any(line.startswith("HEALTHCHECK ") for line in last_stage)
    copied = [word for line in lines if line.startswith("COPY ") for word in line.split()[1:-1]]
    assert all((ROOT / word).exists() for word in copied if not word.startswith(("--", "/")))


def test_the_proxy_ends_tls_and_serves_media(compose: dict[str, Any]) -> None:
    caddyfile = (ROOT / "deploy/Caddyfile").read_text()
    media = environment(compose, "web")["MEDIA_ROOT"]
    assert f"root * {media}" in caddyfile
    assert f"media:{media}:ro" in compose["services"]["proxy"]["volumes"]
    assert "{$SITE_HOST}" in caddyfile
    assert environment(compose, "web")["PRIVATE_ROOT"] not in str(compose["services"]["proxy"]["volumes"]) + caddyfile
    assert environment(compose, "proxy") == {"SITE_HOST": "shop.example"}


def test_the_proxy_lets_no_header_pass_for_its_own_and_closes_idle_connections_first() -> None:
    caddyfile = (ROOT / "deploy/Caddyfile").read_text()
    # What has an underscore would be read as what has a hyphen: X_Forwarded_For.
    assert 0 < caddyfile.find("request_header -*_*") < caddyfile.find("reverse_proxy")
    keepalive = re.search(r"keepalive (\d+)s", caddyfile)
    assert keepalive
    assert int(keepalive[1]) * 1_000 < int(webserver.SETTINGS["GRANIAN_HTTP1_HEADER_READ_TIMEOUT"])
