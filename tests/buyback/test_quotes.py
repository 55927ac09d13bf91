from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from backmarket.events.models import Event
from backmarket.notifications.models import Notification
from buyback.models import Quote
from buyback.services.quotes import CannotQuote, CannotSendQuote, expire_quotes, make_quote, renew_quote, send_quote
from catalog.grading import IncompleteAnswers
from refurbishers.models import Refurbisher
from tests.buyback.steps import ANSWERS, buying, quoted
from tests.factories import BidFactory, RefurbisherFactory, VariantFactory

pytestmark = pytest.mark.django_db


def test_a_quote_is_a_snapshot_of_the_live_bids_best_first(plant: Refurbisher, now: datetime) -> None:
    variant = buying(plant, 25_000)
    best = RefurbisherFactory(rating_sum=45, rating_count=10, paid_as_quoted_bps=9_100, median_days_to_pay=6)
    bid = BidFactory(plant=best, variant=variant, price_minor=26_000)
    BidFactory(variant=variant, condition="FUNCTIONAL_USED", price_minor=99_000)
    BidFactory(variant=variant, price_minor=98_000, active=False)
    BidFactory(variant=variant, price_minor=97_000, plant__status="suspended")
    not_expert = BidFactory(variant=variant, price_minor=96_000)
    variant.product.category.experts.remove(not_expert.plant)
    quote = make_quote(variant, answers=ANSWERS, by="guest", at=now)
    bid.price_minor = 1
    bid.save()
    shown = [
        (b.plant_id, b.price_minor, b.rating, b.paid_as_quoted_bps, b.median_days_to_pay) for b in quote.bids.all()
    ]
    assert shown == [(best.pk, 26_000, 4.5, 9_100, 6), (plant.pk, 25_000, None, None, None)]
    assert (quote.condition, quote.status) == ("FUNCTIONAL_GOOD", "open")


def test_a_quote_is_valid_14_days_to_the_end_of_the_last_one(plant: Refurbisher, now: datetime) -> None:
    assert quoted(plant, now).expires_at == datetime(2026, 12, 8, tzinfo=ZoneInfo("Europe/Paris"))


def test_nobody_bids_is_a_quote_without_bids(plant: Refurbisher, now: datetime) -> None:
    quote = quoted(plant, now, screen="cracked")
    assert (quote.condition, quote.bids.count()) == ("FUNCTIONAL_CRACKED", 0)


def test_a_missing_answer_names_its_question_and_keeps_nothing(plant: Refurbisher, now: datetime) -> None:
    with pytest.raises(IncompleteAnswers) as refusal:
        quoted(plant, now, battery="like new")
    assert (refusal.value.field, Quote.objects.count()) == ("battery", 0)


def test_without_questions_no_quote(now: datetime) -> None:
    with pytest.raises(CannotQuote):
        make_quote(VariantFactory(), answers=ANSWERS, by="guest", at=now)


def test_a_renewed_quote_has_the_same_answers_at_the_prices_of_the_day(plant: Refurbisher, now: datetime) -> None:
    old = quoted(plant, now)
    plant.bids.update(price_minor=20_000)
    new = renew_quote(old, by="guest", at=now + timedelta(days=20))
    assert (new.pk != old.pk, new.answers, new.bids.get().price_minor) == (True, old.answers, 20_000)
    assert old.bids.get().price_minor == 25_000


def test_only_open_quotes_whose_time_is_over_expire(plant: Refurbisher, now: datetime) -> None:
    quote = quoted(plant, now)
    assert expire_quotes(quote.expires_at - timedelta(seconds=1)) == 0
    assert expire_quotes(quote.expires_at) == 1
    assert expire_quotes(quote.expires_at) == 0
    quote.refresh_from_db()
    assert (quote.status, quote.expired_at) == ("expired", quote.expires_at)


def test_a_quote_is_sent_once_per_address_and_to_three_at_most(plant: Refurbisher, now: datetime) -> None:
    quote = quoted(plant, now)
    for to in ("a@example.com", "A@example.com ", "b@example.com", "c@example.com"):
        send_quote(quote, to=to, by="guest", at=now)
    with pytest.raises(CannotSendQuote) as refusal:
        send_quote(quote, to="d@example.com", by="guest", at=now)
    assert (refusal.value.field, Notification.objects.filter(template="quote_sent").count()) == ("email", 3)
    mail = Notification.objects.order_by("created_at").first()
    assert mail is not None
    assert "€250.00" in mail.text
    assert "until 7 Dec 2026" in mail.text


def test_who_was_sent_a_quote_stands_in_the_sealed_email_only(plant: Refurbisher, now: datetime) -> None:
    quote = quoted(plant, now)
    for to in ("a@example.com", " A@Example.com", "b@example.com"):
        send_quote(quote, to=to, by="guest", at=now)
    sent = Event.objects.filter(kind="quote.sent").order_by("pk")
    assert [(event.subject_id, event.data) for event in sent] == [
        (str(quote.pk), {"sending": 1}),
        (str(quote.pk), {"sending": 2}),
    ]
    mails = Notification.objects.filter(template="quote_sent")
    assert {mail.key for mail in mails} == {f"quote:{quote.pk}:1", f"quote:{quote.pk}:2"}


def test_no_address_is_written_into_the_trail(plant: Refurbisher, now: datetime) -> None:
    send_quote(quoted(plant, now), to="a@example.com", by="guest", at=now)
    assert "example.com" not in str(list(Event.objects.values_list("data", flat=True)))
