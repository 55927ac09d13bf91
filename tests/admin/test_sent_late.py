"""A consignment is late while it waits; what has left is marked only if it left too late."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from backmarket.accounts.models import User
from orders.models import Consignment
from refurbishers.models import Refurbisher
from tests.admin.rows import url
from tests.factories import UserFactory
from tests.reviews.deals import delivered_line

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("status", "sent_after", "mark"), [("paid", None, ">late<"), ("closed", 1, ">sent late<"), ("closed", -1, "")]
)
def test_late_is_what_waits(
    plant: Refurbisher, bob: User, now: datetime, time_is: None, client_of: object, status: str,
    sent_after: int | None, mark: str,
) -> None:  # fmt: skip
    due = now - timedelta(days=2)
    sent = due + timedelta(hours=sent_after) if sent_after else None
    line = delivered_line(plant, UserFactory(), now, status=status, shipped_at=sent)
    Consignment.objects.filter(pk=line.consignment_id).update(ship_by=due)
    browser: Client = client_of(bob)  # type: ignore[operator]
    text = browser.get(url("plant", Consignment, "changelist")).content.decode()
    assert [word for word in (">late<", ">sent late<") if word in text] == [mark] * bool(mark)
