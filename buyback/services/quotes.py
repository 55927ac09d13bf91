"""Quotes: a snapshot of what plants pay for a described device, open to whoever has its UUID, valid for 14 days."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from backmarket import states
from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.events.services import Actor, record
from backmarket.jobs import each
from backmarket.market import calendar
from backmarket.notifications.models import Notification
from backmarket.notifications.services import send
from buyback.due import last_minute
from buyback.models import Bid, Quote, QuoteBid
from catalog.grading import condition_of
from catalog.models import QuestionSet, Variant

MAX_SENDINGS = 3
"""A quote can be opened by anyone, so it must not become a way to fill strangers' mailboxes."""


class CannotQuote(DomainError):
    code = "cannot_quote"
    default_message = _("We do not buy devices of this kind yet.")


class CannotSendQuote(DomainError):
    code = "cannot_send_quote"
    default_message = _("This quote has already been sent three times: keep the address of this page instead.")


def make_quote(
    variant: Variant, *, answers: Mapping[str, str], by: Actor, at: datetime, renews: Quote | None = None
) -> Quote:
    """A quote with every live bid for the variant in the condition that the answers declare; maybe with none.

    Raises CannotQuote without a question set, IncompleteAnswers (of catalog.grading) naming the question.
    """
    question_set = QuestionSet.objects.filter(category=variant.product.category_id).order_by("-version").first()
    if question_set is None:
        raise CannotQuote
    condition = condition_of(question_set.questions, answers)
    asked = {question["code"]: answers[question["code"]] for question in question_set.questions}
    with transaction.atomic():
        quote = Quote.objects.create(
            variant=variant,
            question_set=question_set,
            answers=asked,
            condition=condition,
            renews=renews,
            created_at=at,
            expires_at=calendar().days_after(at, Quote.VALID_DAYS),
        )
        _copy_bids(quote)
        record("quote.made", quote, by=by, at=at)
    return quote


def _copy_bids(quote: Quote) -> None:
    bids = Bid.objects.live().filter(variant=quote.variant_id, condition=quote.condition).select_related("plant")
    QuoteBid.objects.bulk_create(
        QuoteBid(
            quote=quote,
            plant=bid.plant,
            price_minor=bid.price_minor,
            currency=bid.currency,
            rating_x10=None if bid.plant.rating is None else round(bid.plant.rating * 10),
            rating_count=bid.plant.rating_count,
            paid_as_quoted_bps=bid.plant.paid_as_quoted_bps,
            median_days_to_pay=bid.plant.median_days_to_pay,
        )
        for bid in bids
    )


def renew_quote(quote: Quote, *, by: Actor, at: datetime) -> Quote:
    """A new quote from the same answers at today's prices; the old one stays as it is.

    Raises IncompleteAnswers when the questions have changed since.
    """
    return make_quote(quote.variant, answers=quote.answers, by=by, at=at, renews=quote)


def send_quote(quote: Quote, *, to: str, by: Actor, at: datetime) -> None:
    """E-mail the quote's address and best bid; once per recipient. Raises CannotSendQuote after three recipients.

    To whom stands in the e-mail alone, which is sealed: events and keys only count.
    """
    with transaction.atomic():
        locked = lock(Quote.objects.filter(pk=quote.pk)).select_related("variant__product").get()
        sent = _recipients(locked)
        if to.strip().lower() in sent:
            return
        if len(sent) >= MAX_SENDINGS:
            raise CannotSendQuote(field="email")
        send(
            "quote_sent",
            to=to,
            context={
                "quote": locked,
                "device": str(locked.variant),
                "best": locked.bids.select_related("plant").first(),
                "until": last_minute(locked.expires_at),
                "url": settings.SITE_URL + reverse("quote", args=[locked.pk]),
            },
            key=f"{_key(locked)}{len(sent) + 1}",
            language=get_language() or settings.LANGUAGE_CODE,
            at=at,
        )
        record("quote.sent", locked, by=by, at=at, data={"sending": len(sent) + 1})


def _key(quote: Quote) -> str:
    return f"quote:{quote.pk}:"


def _recipients(quote: Quote) -> list[str]:
    mails = Notification.objects.filter(key__startswith=_key(quote))
    return [mail.recipient.strip().lower() for mail in mails.only("recipient")]


def expire_quotes(at: datetime) -> int:
    """Close the open quotes whose time is over; returns how many."""
    over = Quote.objects.filter(status=Quote.Status.OPEN, expires_at__lte=at).order_by("expires_at", "pk")
    return each("expire_quotes", over.values_list("pk", flat=True), partial(_expire, at=at))


def _expire(quote_id: UUID, at: datetime) -> bool:
    try:
        states.move(Quote.objects.get(pk=quote_id), Quote.Status.EXPIRED, by="system:expire_quotes", at=at)
    except states.IllegalMove:  # accepted meanwhile
        return False
    return True
