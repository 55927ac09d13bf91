"""What sellers are shown in writing: the conditions, version by version, and the registry's documented numbers."""

import hashlib
import re

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from buyback.conditions import CURRENT, VERSIONS
from catalog.registry import Finding, SandboxRegistry

pytestmark = pytest.mark.django_db


def test_every_version_stays_readable(client: Client) -> None:
    assert next(iter(VERSIONS)) == CURRENT
    assert list(VERSIONS.values()) == sorted(VERSIONS.values(), reverse=True)
    for version in VERSIONS:
        page = client.get(reverse("sale-conditions-version", args=[version]))
        assert (page.status_code, f"Version {version}" in page.content.decode()) == (200, True)
    assert client.get(reverse("sale-conditions")).context["version"] == CURRENT
    assert client.get(reverse("sale-conditions-version", args=["2025-01"])).status_code == 404


# The words of each version as they were published: a sale points to them, so they are never touched.
PUBLISHED = {
    "2026-01": "c30ed5fc5c649051",
    "2026-11": "2e679c7da3724e56",
}


def test_the_words_of_a_published_version_are_never_touched() -> None:
    folder = settings.BASE_DIR / "templates" / "buyback" / "conditions"
    found = {path.stem: hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in folder.glob("*.html")}
    assert found == PUBLISHED
    assert found.keys() == VERSIONS.keys()


def test_the_documented_numbers_are_those_of_the_sandbox(client: Client) -> None:
    written = re.findall(
        r"^\| `(\w+)` \| (.*) \|$", (settings.BASE_DIR / "docs" / "registry.md").read_text(), re.MULTILINE
    )
    documented = {number: str(text) for number, text in SandboxRegistry.DOCUMENTED.items()}
    assert {number: text for number, text in written if number not in Finding.values} == documented
    shown = client.get(reverse("sandbox")).content.decode()
    assert [number for number in documented if number not in shown] == []
