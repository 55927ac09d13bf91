"""What staff do at the desk has its exact effect, with the right that it asks for."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from backmarket.accounts.models import User
from backmarket.events.models import Event, EventDelivery, IncomingWebhook
from backmarket.events.services import record
from backmarket.notifications.models import MailboxMessage
from backmarket.payments.models import Payment, Payout, Refund
from backmarket.shipping.models import Parcel
from buyback.models import Trade
from orders.models import Order, OrderLine
from refurbishers.models import Refurbisher, Specification
from refurbishers.services.accounts import change_plant_iban
from tests.admin.rows import Rows, act, rows_of, url
from tests.factories import UserFactory

ClientOf = Callable[[User], Client]


@pytest.fixture
def rows(plant: Refurbisher, bob: User, now: datetime, time_is: None) -> Rows:
    return rows_of(plant, now)


def staff(client_of: ClientOf, group: str) -> Client:
    from django.core.management import call_command

    call_command("sync_roles", verbosity=0)
    user = UserFactory(is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    return client_of(user)


def test_a_plant_moves_on_the_ladder_with_reasons_only(rows: Rows, client_of: ClientOf) -> None:
    quality = staff(client_of, "quality")
    empty = act(quality, rows.plant, "move", "desk", to="watch", reasons=" ")
    assert list(empty.context["form"].errors) == ["reasons"]
    unreachable = act(quality, rows.plant, "move", "desk", to="applied", reasons="Why not.")
    assert list(unreachable.context["form"].errors) == ["to"]
    act(quality, rows.plant, "move", "desk", to="watch", reasons="Late shipments: 9 % over 90 days.")
    rows.plant.refresh_from_db()
    statement = rows.plant.statements.get()
    assert (rows.plant.status, statement.to_status) == ("watch", "watch")
    assert statement.reasons == "Late shipments: 9 % over 90 days."


def test_support_takes_a_claim_over_and_decides_it(rows: Rows, sam: User, client_of: ClientOf) -> None:
    support = client_of(sam)
    act(support, rows.claim, "take-over", "desk")
    rows.claim.refresh_from_db()
    assert (rows.claim.handler, rows.claim.escalated_at, rows.claim.is_with_support) == (sam, None, True)
    silent = act(support, rows.claim, "decide", "desk", outcome="accept", comment=" ")
    assert list(silent.context["form"].errors) == ["comment"]
    act(support, rows.claim, "decide", "desk", outcome="accept", comment="It goes back under guarantee.")
    rows.claim.refresh_from_db()
    assert rows.claim.status == "awaiting_return"
    assert not Event.objects.filter(kind="claim.escalated", subject_id=str(rows.claim.pk)).exists()


def test_a_line_is_refunded_only_with_the_right_to_refund(rows: Rows, sam: User, client_of: ClientOf) -> None:
    Payment.objects.create(
        purpose="order", reference=rows.line.order_id, status="captured", amount_minor=30_000, currency="EUR",
        gateway="sandbox", created_at=rows.line.paid_at, captured_at=rows.line.paid_at,
    )  # fmt: skip
    finance = staff(client_of, "finance")
    assert act(finance, rows.line, "refund", "desk", reason="late").status_code == 403
    assert not Refund.objects.exists()
    act(client_of(sam), rows.line, "refund", "desk", reason="late")
    rows.line.refresh_from_db()
    assert (rows.line.status, Refund.objects.get().amount_minor) == ("cancelled", 30_000)


@pytest.fixture
def refused(rows: Rows, now: datetime) -> Refund:
    """Three hundred euros that the bank did not take back, of a cancelled line."""
    OrderLine.objects.filter(pk=rows.line.pk).update(status="cancelled", cancelled_at=now)
    payment = Payment.objects.create(
        purpose="order", reference=rows.line.order_id, status="captured", amount_minor=30_000, currency="EUR",
        gateway="sandbox", created_at=rows.line.paid_at, captured_at=rows.line.paid_at,
    )  # fmt: skip
    return Refund.objects.create(
        payment=payment, reference=rows.line.pk, reason="late", status="failed", amount_minor=30_000, currency="EUR",
        created_at=now - timedelta(days=1), failed_at=now,
    )  # fmt: skip


def test_a_refused_refund_is_tried_again_from_its_pile(refused: Refund, sam: User, client_of: ClientOf) -> None:
    support = client_of(sam)
    pile = url("desk", Refund, "changelist") + "?pile=failed"
    assert list(support.get(pile).context["cl"].result_list) == [refused]
    quality = staff(client_of, "quality")
    assert act(quality, refused, "retry", "desk").status_code in (403, 404)
    for _click in range(2):
        act(support, refused, "retry", "desk")
    assert list(Refund.objects.values_list("status", flat=True).order_by("created_at")) == ["failed", "pending"]
    assert "Nothing matches" in support.get(pile).content.decode()
    Refund.objects.all().delete()
    whole = support.get(pile.partition("?")[0]).content.decode()
    assert ("Nothing here" in whole, "Create" in whole) == (True, False)


def test_finance_records_the_transfer_that_pays_a_refused_refund(
    refused: Refund, sam: User, client_of: ClientOf
) -> None:
    assert act(client_of(sam), refused, "transfer", "desk", bank_reference="TR 77").status_code == 403
    finance = staff(client_of, "finance")
    empty = act(finance, refused, "transfer", "desk", bank_reference=" ")
    assert list(empty.context["form"].errors) == ["bank_reference"]
    act(finance, refused, "transfer", "desk", bank_reference="TR 77")
    paid = Refund.objects.exclude(pk=refused.pk).get()
    assert (paid.status, paid.gateway_id, paid.amount_minor) == ("succeeded", "bank:TR 77", 30_000)


def test_the_order_of_a_refused_refund_is_found_by_its_reference(
    refused: Refund, rows: Rows, sam: User, client_of: ClientOf
) -> None:
    for reference in (refused.reference, rows.line.order_id):
        found = client_of(sam).get(url("desk", Order, "changelist"), {"q": str(reference)})
        assert [order.pk for order in found.context["cl"].result_list] == [rows.line.order_id]


def test_a_cancelled_line_whose_refund_failed_is_refunded_from_the_line(
    refused: Refund, rows: Rows, sam: User, client_of: ClientOf
) -> None:
    support = client_of(sam)
    offered = lambda: b"do/refund/" in support.get(url("desk", rows.line)).content  # noqa: E731
    assert offered()
    act(support, rows.line, "refund", "desk", reason="late")
    assert Refund.objects.exclude(pk=refused.pk).get().status == "pending"
    assert not offered()


def test_what_was_found_after_its_refund_leaves_the_pile_when_it_is_agreed(
    rows: Rows, sam: User, client_of: ClientOf, now: datetime
) -> None:
    line, at = rows.line, now
    line.consignment.parcel = Parcel.objects.create(
        purpose="sale", reference=line.consignment_id, status="delivered", courier="sandbox", tracking_number="X1",
        sender=line.order.address, recipient=line.order.address, insured_minor=1, currency="EUR", created_at=at,
        lost_at=at, delivered_at=at,
    )  # fmt: skip
    line.consignment.save()
    OrderLine.objects.filter(pk=line.pk).update(status="refunded", shipped_at=at, refunded_at=at)
    record("line.found", line, by="system:courier", at=at)
    support, pile = client_of(sam), url("desk", OrderLine, "changelist") + "?pile=found"
    assert list(support.get(pile).context["cl"].result_list) == [line]
    act(support, line, "close-found", "desk")
    assert not support.get(pile).context["cl"].result_list
    act(support, line, "close-found", "desk")
    assert Event.objects.filter(kind="line.found_closed").count() == 1


def test_a_rating_is_removed_for_a_reason_of_the_law(rows: Rows, sam: User, client_of: ClientOf) -> None:
    taste = act(client_of(sam), rows.review, "remove", "desk", reason="taste")
    assert list(taste.context["form"].errors) == ["reason"]
    act(client_of(sam), rows.review, "remove", "desk", reason="insult")
    rows.review.refresh_from_db()
    assert (rows.review.removal, rows.review.removed_at is not None) == ("insult", True)


def test_a_listing_is_blocked_and_its_plant_cannot_lift_it(
    rows: Rows, bob: User, olga: User, client_of: ClientOf
) -> None:
    act(client_of(olga), rows.listing, "block", "desk", reason="safety")
    rows.listing.refresh_from_db()
    assert rows.listing.status == "blocked"
    act(client_of(bob), rows.listing, "pause")
    act(client_of(bob), rows.listing, "publish")
    rows.listing.refresh_from_db()
    assert rows.listing.status == "blocked"


def test_a_payout_that_has_not_left_is_cancelled(rows: Rows, now: datetime, client_of: ClientOf) -> None:
    payout = Payout.objects.create(
        purpose="trade", reference=rows.trade.pk, amount_minor=100, currency="EUR", holder="C", iban="FR76",
        iban_last4="0189", gateway="sandbox", due_at=now, created_at=now,
    )  # fmt: skip
    act(staff(client_of, "finance"), payout, "cancel", "desk")
    payout.refresh_from_db()
    assert payout.status == "cancelled"


def test_a_payout_cancelled_at_the_desk_is_ordered_again_with_the_right_to_pay(
    rows: Rows, now: datetime, sam: User, client_of: ClientOf
) -> None:
    finance, support = staff(client_of, "finance"), client_of(sam)
    for purpose, row in (("trade", Trade.objects.get(status="validated")), ("settlement", rows.settlement)):
        row.payout = Payout.objects.create(
            purpose=purpose, reference=row.pk, amount_minor=12_345, currency="EUR", holder="C", iban="FR76",
            iban_last4="0189", gateway="sandbox", due_at=now, created_at=now,
        )  # fmt: skip
        row.save(update_fields=["payout"])
        assert "Order the payout again" not in finance.get(url("desk", row)).content.decode()
        act(finance, row.payout, "cancel", "desk")
        assert "Order the payout again" in finance.get(url("desk", row)).content.decode()
        assert act(support, row, "reorder", "desk").status_code == 403
        assert not Payout.objects.filter(reference=row.pk, status="ordered").exists()

        act(finance, row, "reorder", "desk")

        row.refresh_from_db()
        assert (row.payout.status, row.payout.amount) == ("ordered", getattr(row, "price", None) or row.total)
        assert Payout.objects.filter(reference=row.pk).count() == 2


def test_a_delivery_that_failed_is_tried_again(rows: Rows, now: datetime, olga: User, client_of: ClientOf) -> None:
    event = Event.objects.filter(kind="review.published").earliest("id")
    delivery = EventDelivery.objects.create(
        event=event, handler="reviews.handlers.push_rating", queued_at=now, attempts=3, last_error="OperationalError"
    )
    act(client_of(olga), delivery, "retry", "desk")
    delivery.refresh_from_db()
    assert (delivery.handled_at is not None, delivery.attempts) == (True, 4)


def test_a_webhook_that_fails_again_says_so(now: datetime, time_is: None, olga: User, client_of: ClientOf) -> None:
    webhook = IncomingWebhook.objects.create(
        provider="nobody.knows", external_id="1", body={}, received_at=now, attempts=1, last_error="KeyError"
    )
    answer = client_of(olga).post(url("desk", webhook, "step", "retry"), follow=True)
    assert "It failed again" in answer.content.decode()
    webhook.refresh_from_db()
    assert (webhook.handled_at, webhook.attempts) == (None, 2)


def test_a_published_specification_never_changes(olga: User, client_of: ClientOf, now: datetime) -> None:
    specification = Specification.objects.create(version="2026.9", title="T", published_at=now)
    answer = client_of(olga).post(url("desk", specification), {"version": "x", "title": "Other"})
    assert answer.status_code == 403
    specification.refresh_from_db()
    assert specification.title == "T"


def test_a_plants_bank_account_is_replaced_but_never_shown(rows: Rows, olga: User, client_of: ClientOf) -> None:
    page = client_of(olga).get(url("desk", rows.plant)).content.decode()
    assert "Ends in 0189" in page
    assert "FR7630006000011234567890189" not in page
    form = client_of(olga).get(url("desk", rows.plant)).context["adminform"].form
    fields = {name: form.initial.get(name) or "" for name in form.fields}
    inline = {"members-TOTAL_FORMS": "0", "members-INITIAL_FORMS": "0"}
    wrong = client_of(olga).post(url("desk", rows.plant), fields | inline | {"new_iban": "FR00"})
    assert list(wrong.context["errors"]) == [["This is not an IBAN: check every digit."]]
    client_of(olga).post(url("desk", rows.plant), fields | inline | {"name": "Renamed"})
    rows.plant.refresh_from_db()
    assert (rows.plant.name, rows.plant.iban) == ("Renamed", "FR7630006000011234567890189")
    client_of(olga).post(url("desk", rows.plant), fields | inline | {"new_iban": "FR14 2004 1010 0505 0001 3M02 606"})
    rows.plant.refresh_from_db()
    assert rows.plant.iban == "FR1420041010050500013M02606"


def test_the_owners_are_told_of_another_bank_account_and_the_event_names_only_its_end(
    plant: Refurbisher, bob: User, olga: User, now: datetime, drain: Callable[[], None]
) -> None:
    change_plant_iban(plant, iban="FR14 2004 1010 0505 0001 3M02 606", by=olga, at=now)
    drain()
    event = Event.objects.get(kind="plant.iban_changed")
    assert (event.data, event.actor) == ({"last4": "2606"}, f"user:{olga.pk}")
    mail = MailboxMessage.objects.get(to=bob.email)
    assert "2606" in mail.text
    assert "FR14" not in mail.text + mail.html
