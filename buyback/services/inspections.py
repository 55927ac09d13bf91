"""A device at the plant: received, inspected, then paid as quoted, countered once with proof, or suspended."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backmarket import states
from backmarket.accounts.models import User
from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.events.services import Actor, record
from backmarket.money import Money
from buyback.due import due_at
from buyback.guides import Suspension
from buyback.models import CounterOffer, Inspection, SheetDraft, Trade
from buyback.services.evidence import cleaned, keep_photos, use_as_proof
from buyback.services.parcels import send_back
from buyback.services.settling import settle_trade, validate_trade
from catalog.grading import InvalidSheet, grade_sheet
from catalog.models import GradingSpecification

__all__ = [
    "answer_counter_offer",
    "make_counter_offer",
    "receive_trade",
    "resume_trade",
    "submit_inspection",
    "suspend_trade",
    "validate_trade",
]

MAX_PHOTOS = 8
MAX_COMMENT = 200
ON_ITS_WAY = (Trade.Status.ACCEPTED, Trade.Status.COLLECTED, Trade.Status.LOST)


class CannotInspect(DomainError):
    code = "cannot_inspect"
    default_message = _("Receive the device before you inspect it.")


class CannotCounter(DomainError):
    """No counter-offer now, or not this one; `field` names what has to be mended."""

    code = "cannot_counter"


class CannotAnswer(DomainError):
    code = "cannot_answer"
    default_message = _("There is no counter-offer to answer any more.")


class CannotSuspend(DomainError):
    code = "cannot_suspend"
    default_message = _("Choose why the device cannot be bought as it is.")


def receive_trade(trade: Trade, *, by: Actor, at: datetime) -> None:
    """The parcel is at the plant; a scan at the gate may come before the courier's own. Raises IllegalMove.

    The courier's word that comes after a suspension mends nothing: that is for the plant to say.
    """
    if trade.status not in ON_ITS_WAY:
        raise states.IllegalMove
    with transaction.atomic():
        if trade.status == Trade.Status.ACCEPTED:
            states.move(trade, Trade.Status.COLLECTED, by=by, at=at, data={"implied": True})
        states.move(trade, Trade.Status.RECEIVED, by=by, at=at, due_at=due_at(Trade.Status.RECEIVED, at), suspension="")


def submit_inspection(
    trade: Trade, *, sheet: Mapping[str, Any], note: str, by: Actor, at: datetime, photos: Sequence[File] = ()
) -> Inspection:
    """Keep the technician's sheet ({check code: value}) and have it graded by a job. The deadline runs on.

    The draft, if there was one, has become the inspection. After a suspension a new sheet replaces the old one.
    Raises InvalidSheet naming the check, InvalidPhoto, CannotInspect, or IllegalMove.
    """
    specification = current_specification(trade)
    filled = {check["code"]: sheet.get(check["code"]) for check in specification.checks}
    quote = trade.quote
    grade_sheet(specification.checks, filled, quote.question_set.questions, quote.answers)
    images = cleaned(photos)
    with transaction.atomic():
        if trade.status != Trade.Status.RECEIVED:
            raise CannotInspect
        states.move(trade, Trade.Status.INSPECTED, by=by, at=at)
        keep_photos(trade, images, at=at)
        SheetDraft.objects.filter(trade=trade).delete()
        inspection, _created = Inspection.objects.update_or_create(
            trade=trade,
            defaults={
                "specification": specification,
                "technician": by if isinstance(by, User) else None,
                "sheet": filled,
                "note": note.strip()[:500],
                "submitted_at": at,
                "graded_at": None,
                "verdict": {},
            },
        )
        transaction.on_commit(partial(_grade_soon, inspection.pk), robust=True)
    return inspection


def current_specification(trade: Trade) -> GradingSpecification:
    category = trade.variant.product.category_id
    specification = GradingSpecification.objects.filter(category=category).order_by("-version").first()
    if specification is None:
        raise InvalidSheet(_("This category has no grading specification yet."))
    return specification


def _grade_soon(inspection_id: int) -> None:
    from buyback.tasks import grade_device

    grade_device.delay(inspection_id)


def make_counter_offer(
    trade: Trade,
    *,
    price: Money,
    reasons: Sequence[Mapping[str, str]],
    comment: str,
    photos: Sequence[File],
    by: Actor,
    at: datetime,
    kept: Collection[UUID] = (),
) -> CounterOffer:
    """Offer less, once, with proof: new photos, and `kept` ones of the sheet.

    `reasons`: [{"reason": CounterOffer.Reason, "question": code}, …].

    Raises CannotCounter or InvalidPhoto naming the field: price, reasons, comment or photos.
    """
    _check_terms(trade, price, comment)
    disputed = _check_reasons(trade, reasons)
    if not 1 <= len(photos) + len(kept) <= MAX_PHOTOS:
        raise CannotCounter(_("Add one to eight photos of what differs."), field="photos")
    images = cleaned(photos)
    answer_by = due_at(Trade.Status.COUNTERED, at)
    try:
        with transaction.atomic():
            states.move(trade, Trade.Status.COUNTERED, by=by, at=at, due_at=answer_by)
            offer = CounterOffer.objects.create(
                trade=trade,
                price_minor=price.minor,
                currency=price.currency,
                reasons=disputed,
                comment=comment.strip(),
                offered_at=at,
                answer_by=answer_by,
            )
            keep_photos(trade, images, at=at, proof=True)
            if use_as_proof(trade, kept) != len(kept):
                raise CannotCounter(_("One of these photos is not of this sheet."), field="kept")
    except IntegrityError as error:
        raise CannotCounter(_("Only one counter-offer can be made.")) from error
    return offer


def _check_terms(trade: Trade, price: Money, comment: str) -> None:
    inspection = getattr(trade, "inspection", None)
    if inspection is None or inspection.graded_at is None or trade.status != Trade.Status.INSPECTED:
        raise CannotCounter(_("Inspect the device and wait for its grade first."))
    if CounterOffer.objects.filter(trade=trade).exists():
        raise CannotCounter(_("Only one counter-offer can be made."))
    if price.currency != trade.currency or not 0 < price.minor < trade.quoted_minor:
        raise CannotCounter(_("Offer more than nothing and less than the quoted price."), field="price")
    if not comment.strip() or len(comment.strip()) > MAX_COMMENT:
        raise CannotCounter(_("Explain the difference to the seller in 1 to 200 characters."), field="comment")


def _check_reasons(trade: Trade, reasons: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Each reason disputes an answer that the consumer gave."""
    disputed = [{"reason": item.get("reason", ""), "question": item.get("question", "")} for item in reasons]
    answered = set(trade.quote.answers)
    known = all(item["reason"] in CounterOffer.Reason.values and item["question"] in answered for item in disputed)
    if not disputed or not known:
        message = _("Give at least one reason, each with the seller's answer that it disputes.")
        raise CannotCounter(message, field="reasons")
    return disputed


def answer_counter_offer(trade: Trade, *, accept: bool, by: Actor, at: datetime) -> None:
    """The seller's decision: paid at the lower price, or sent back free. Raises CannotAnswer when it is too late."""
    with transaction.atomic():
        offer = _open_offer(trade)
        if offer.answer_by <= at:
            raise CannotAnswer(_("The time to answer is over: your device is on its way back to you, free."))
        _close_offer(offer, CounterOffer.Answer.ACCEPTED if accept else CounterOffer.Answer.REFUSED, at)
        if accept:
            settle_trade(trade, price=offer.price, by=by, at=at)
        else:
            send_back(trade, by=by, at=at, data={"because": "refused"})


def let_counter_offer_lapse(trade: Trade, *, by: Actor, at: datetime) -> None:
    """Silence is never consent: the device goes back."""
    with transaction.atomic():
        _close_offer(_open_offer(trade), CounterOffer.Answer.SILENT, at)
        send_back(trade, by=by, at=at, data={"because": "silent"})


def _open_offer(trade: Trade) -> CounterOffer:
    offer = lock(CounterOffer.objects.filter(trade=trade, answer="")).first()
    if offer is None or trade.status != Trade.Status.COUNTERED:
        raise CannotAnswer
    return offer


def _close_offer(offer: CounterOffer, answer: str, at: datetime) -> None:
    offer.answer, offer.answered_at = answer, at
    offer.save(update_fields=["answer", "answered_at"])


def suspend_trade(trade: Trade, *, reason: str, by: Actor, at: datetime) -> None:
    """Stop the clock while the seller mends what is wrong; 14 days, then the device goes back free."""
    if reason not in Suspension.values:
        raise CannotSuspend(field="reason")
    facts = {"suspension": reason, "due_at": due_at(Trade.Status.SUSPENDED, at)}
    states.move(trade, Trade.Status.SUSPENDED, by=by, at=at, data={"reason": reason}, **facts)


def resume_trade(trade: Trade, *, by: Actor, at: datetime) -> None:
    """What was wrong is mended: inspect (again), within two business days from now. Raises IllegalMove."""
    if trade.status != Trade.Status.SUSPENDED:
        raise states.IllegalMove
    with transaction.atomic():
        facts = {"due_at": due_at(Trade.Status.RECEIVED, at), "suspension": ""}
        states.move(trade, Trade.Status.RECEIVED, by=by, at=at, data={"resumed": True}, **facts)
        record("trade.resumed", trade, by=by, at=at)
