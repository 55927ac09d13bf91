"""Every link that a page shows leads somewhere: followed from the front page, by everybody who has an account."""

import re
from collections import deque
from collections.abc import Callable
from datetime import datetime
from html import unescape
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from backmarket.accounts.models import User
from backmarket.figures import refresh_figures
from buyback.models import Trade
from catalog.models import Buyable
from orders.models import OrderLine
from refurbishers.models import Refurbisher
from tests.factories import ListingFactory, ReferencePriceFactory
from tests.reviews.deals import delivered_line, paid_trade

pytestmark = pytest.mark.django_db

HREF = re.compile(r'<(?:a|link|form|script|img|iframe)\b[^>]*?\s(?:href|src|action)="([^"]+)"')
ID = re.compile(r'\sid="([^"]+)"')
# The staff's and the plants' sites link to every combination of filters and orders: there, a path is read once.
DESKS = ("/desk/", "/plant/")


def crawl(client: Client) -> dict[str, str]:
    """What is wrong with the links below "/": address → what happened, and on which page it stands."""
    wrong: dict[str, str] = {}
    seen: set[str] = set()
    ahead: deque[tuple[str, str]] = deque([("/", "")])
    while ahead:
        address, origin = ahead.popleft()
        kind = kind_of(address)
        if kind in seen or address.startswith("/static/"):
            if address.startswith("/static/") and not finders.find(address.removeprefix("/static/")):
                wrong[address] = f"no such file, on {origin}"
            continue
        seen.add(kind)
        answer = client.get(address, headers={"accept": "text/html"})
        if answer.status_code in {301, 302}:
            ahead.append((urljoin(address, answer["Location"]), address))
        elif answer.status_code == 405:
            continue  # a form's own address, which only takes what is sent
        elif answer.status_code != 200:
            wrong[address] = f"{answer.status_code}, on {origin}"
        elif "html" in answer.get("Content-Type", ""):
            page = answer.content.decode()
            ids = set(ID.findall(page))
            for link in map(unescape, HREF.findall(page)):
                target, fragment = urldefrag(link)
                if not target and fragment and fragment not in ids:
                    wrong[f"{address}#{fragment}"] = "leads nowhere on this page"
                if is_ours(target):
                    ahead.append((urljoin(address, target), address))
    return wrong


def is_ours(target: str) -> bool:
    parts = urlsplit(target)
    return bool(target) and not parts.scheme and not parts.netloc and "logout" not in target


def kind_of(address: str) -> str:
    """Pages that are told apart: each path, with the names of its parameters; at the desks the path alone."""
    parts = urlsplit(address)
    keys = "" if parts.path.startswith(DESKS) else ",".join(sorted({key for key, _value in parse_qsl(parts.query)}))
    return f"{parts.path}?{keys}"


@pytest.fixture
def world(plant: Refurbisher, alice: User, carol: User, now: datetime) -> tuple[OrderLine, Trade]:
    """A shop with an order of alice's, a sale of carol's and an offer in stock."""
    listing = ListingFactory(plant=plant)
    ReferencePriceFactory(variant=listing.variant)
    deals = delivered_line(plant, alice, now), paid_trade(plant, carol, now)
    refresh_figures(now)
    return deals


@pytest.mark.parametrize("email", [None, "alice", "carol", "bob", "sam", "olga"])
def test_every_link_leads_somewhere(
    email: str | None, world: tuple[OrderLine, Trade], request: pytest.FixtureRequest, client_of: Callable[..., Client]
) -> None:
    assert crawl(client_of(request.getfixturevalue(email)) if email else Client()) == {}


def test_the_crawl_sees_what_is_wrong(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from backmarket import pages

    monkeypatch.setattr(
        pages, "best_offers", lambda count: [Buyable(slug="gone", sku="GONE", grade="good", title="Gone", form="phone")]
    )
    assert crawl(client) == {"/p/gone/?variant=GONE&grade=good": "404, on /"}
