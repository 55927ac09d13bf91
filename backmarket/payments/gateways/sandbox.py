"""The sandbox bank: no money moves, but everything else happens, refusals included.

What a payment does follows from its last two digits, else from the card; the tables below are the documentation
that /sandbox/ shows.
"""

import json
from collections.abc import Mapping
from datetime import datetime, time
from typing import Any
from urllib.request import Request, urlopen

from django.conf import settings
from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from schwifty import IBAN
from schwifty.exceptions import SchwiftyException

from backmarket import market
from backmarket.db import Change, insert_unless_there
from backmarket.errors import DomainError, GatewayError
from backmarket.events import inbox
from backmarket.money import Money
from backmarket.payments.gateways.base import Checkout, KnownRefund, Outcome, Report, State, Transfer
from backmarket.payments.models import Payment, Payout, Refund, SandboxIntent
from backmarket.prepared import prepared_objects

OPEN, CHALLENGE, SILENT, SLOW = "open", "challenge", "silent", "slow"
FINAL = ("captured", "failed", "cancelled")
KNOWN = (*FINAL, "authorised")
# How long the bank takes where it is slow.
SECONDS = 10

# The last two digits of an amount in minor units -> what happens, in words.
AMOUNTS = {
    "02": _("The bank refuses the payment."),
    "13": _("The bank never answers: the payment stays pending."),
    "33": _("The bank asks for a code (3-D Secure): 123456 is right, anything else is refused."),
    "61": _("The bank takes ten seconds: the payment is pending, then paid without the buyer."),
    "71": _("The bank does not answer when the payment is opened: the shop says so, and to try again."),
}
REFUNDS = {"07": _("The bank refuses the refund for good.")}
CARDS = {
    "4242 4242 4242 4242": _("Paid at once."),
    "4000 0000 0000 0002": _("Refused by the bank."),
    "4000 0000 0000 0259": _("Paid at once, and disputed by its holder a minute later."),
    "4000 0000 0000 3220": _("Asks for a code (3-D Secure): 123456 is right."),
    "4000 0084 0000 1629": _("Paid at once; issued in the United States, which the bank tells."),
}
# Of every capture; a refund brings none of it back.
FEE_BPS, FEE_MINOR = 140, 25
# Where a card was issued; of the others the bank does not tell.
COUNTRIES = {"4000008400001629": "US"}
BOUNCING = "0002"  # the end of the account number inside an IBAN
EXAMPLE_BOUNCING_IBAN = "FR7630001000641234567000296"
CODE = "123456"
REFUSED_CARD, CHALLENGED_CARD = "4000000000000002", "4000000000003220"
# After how many seconds its holder asks for the money back.
DISPUTED_CARD, DISPUTED_AFTER = "4000000000000259", 60


class CannotUseCard(DomainError):
    """Not one of the documented test cards."""

    code = "unknown_card"
    default_message = _("Use one of the test cards below: the sandbox takes no real card.")


class Gateway:
    """See base.PaymentGateway and PayoutGateway.

    Each row of ours has one intent, named after it: repeating a call finds it again.
    """

    def checkout(self, payment: Payment, *, return_url: str) -> Checkout:
        if _ending(payment.amount_minor) == "71":
            raise GatewayError("The bank does not answer.", retry=True)
        intent = SandboxIntent(
            id=f"pay_{payment.pk.hex}",
            kind="payment",
            status=OPEN,
            amount_minor=payment.amount_minor,
            currency=payment.currency,
            return_url=return_url,
            manual=payment.capture == Payment.Capture.MANUAL,
        )
        insert_unless_there(intent)
        return Checkout(intent.pk, reverse("sandbox-pay", args=[intent.pk]))

    def status(self, payment: Payment) -> Report:
        intent = _intent(payment.gateway_id)
        state = State(intent.status) if intent.status in KNOWN else State.PENDING
        amount = Money(intent.amount_minor, intent.currency)
        kept = fee(amount) if state == State.CAPTURED else None
        refused = "card_declined" if state == State.FAILED else ""
        return Report(state, amount, refused, intent.card_country, kept)

    def capture(self, payment: Payment) -> Report:
        _become(_intent(payment.gateway_id), "captured", "authorised")
        return self.status(payment)

    def cancel(self, payment: Payment) -> Report:
        SandboxIntent.objects.filter(pk=payment.gateway_id).exclude(status__in=FINAL).update(status="cancelled")
        return self.status(payment)

    def refunds(self, payment: Payment) -> list[KnownRefund]:
        """None: nobody refunds at the sandbox but the shop, which knows its own."""
        return []

    def refund(self, refund: Refund) -> Transfer:
        if _ending(refund.amount_minor) in REFUNDS:
            raise GatewayError("The bank refuses this refund.")
        intent, is_new = SandboxIntent.objects.get_or_create(
            id=f"ref_{refund.pk.hex}",
            defaults={
                "kind": "refund",
                "status": "done",
                "amount_minor": refund.amount_minor,
                "currency": refund.currency,
            },
        )
        if is_new:
            paid = SandboxIntent.objects.filter(pk=refund.payment.gateway_id)
            paid.update(refunded_minor=F("refunded_minor") + refund.amount_minor)
        return Transfer(intent.pk, Outcome.DONE)

    def payout(self, payout: Payout) -> str:
        intent, _is_new = SandboxIntent.objects.get_or_create(
            id=f"out_{payout.pk.hex}",
            defaults={
                "kind": "payout",
                "status": "sent",
                "amount_minor": payout.amount_minor,
                "currency": payout.currency,
            },
        )
        return intent.pk

    def payout_status(self, payout: Payout, *, at: datetime) -> Transfer:
        """A transfer arrives, or comes back, at 9:00 of the business day after it was sent."""
        calendar = market.calendar()
        assert payout.sent_at is not None  # noqa: S101 - only sent payouts are asked about
        day = calendar.business_day_after(calendar.local(payout.sent_at).date(), 1)
        if at < calendar.instant(day, time(9)):
            return Transfer(payout.gateway_id, Outcome.PENDING)
        if bounces(payout.iban):
            return Transfer(payout.gateway_id, Outcome.FAILED, "AC04")
        return Transfer(payout.gateway_id, Outcome.DONE)


def fee(amount: Money) -> Money:
    """What the sandbox keeps of a capture, as card acquirers do: 1.4 % and 0.25."""
    return amount.share(FEE_BPS) + Money(FEE_MINOR, amount.currency)


def _ending(minor: int) -> str:
    return f"{minor:02}"[-2:]


def find_payment(intent_id: str) -> SandboxIntent | None:
    """What the buyer pays; None where nobody is asked for money under this id."""
    return next((intent for intent in _intents(pk=intent_id) if intent.kind == "payment"), None)


def _intent(intent_id: str) -> SandboxIntent:
    found = _intents(pk=intent_id)
    if not found:
        raise GatewayError("The sandbox bank has never heard of this.")
    return found[0]


@prepared_objects
def _intents(pk: Any) -> "QuerySet[SandboxIntent]":
    return SandboxIntent.objects.filter(pk=pk)


def bounces(iban: str) -> bool:
    try:
        account = IBAN(iban).account_code
    except SchwiftyException:
        account = iban
    return account.endswith(BOUNCING)


def pay(intent: SandboxIntent, card: str) -> None:
    """The buyer presses Pay on the bank's page. Pressing it again does nothing. Raises CannotUseCard."""
    number = "".join(card.split())
    if number not in {"".join(known.split()) for known in CARDS}:
        raise CannotUseCard(field="card")
    ending = _ending(intent.amount_minor)
    if country := COUNTRIES.get(number):
        SandboxIntent.objects.filter(pk=intent.pk, status=OPEN).update(card_country=country)
    if ending == "02" or number == REFUSED_CARD:
        _become(intent, "failed", OPEN)
    elif ending == "13":
        _become(intent, SILENT, OPEN)
    elif ending == "33" or number == CHALLENGED_CARD:
        _become(intent, CHALLENGE, OPEN)
    elif ending == "61":
        _become(intent, SLOW, OPEN)
    else:
        _become(intent, _paid(intent), OPEN)
    if number == DISPUTED_CARD and intent.status in KNOWN:
        from backmarket.payments.tasks import dispute_sandbox_payment

        dispute_sandbox_payment.apply_async((intent.pk,), countdown=DISPUTED_AFTER)


def _paid(intent: SandboxIntent) -> str:
    return "authorised" if intent.manual else "captured"


def finish(intent_id: str) -> None:
    """The slow bank is done."""
    intent = _intent(intent_id)
    _become(intent, _paid(intent), SLOW)


def answer_challenge(intent: SandboxIntent, code: str) -> None:
    """The buyer types the code of the 3-D Secure step; a wrong one is a refusal."""
    _become(intent, _paid(intent) if code.strip() == CODE else "failed", CHALLENGE)


def give_up(intent: SandboxIntent) -> None:
    """The buyer presses Cancel."""
    _become(intent, "cancelled", OPEN, CHALLENGE)


def _become(intent: SandboxIntent, status: str, *sources: str) -> None:
    if not Change(SandboxIntent, {"pk": intent.pk, "status": list(sources)}, {"status": status}).made():
        intent.refresh_from_db()
        return
    intent.status = status
    from backmarket.payments.tasks import deliver_sandbox_webhook, finish_sandbox_payment

    if status in KNOWN:
        deliver_sandbox_webhook.delay(intent.pk)
    elif status == SLOW:
        finish_sandbox_payment.apply_async((intent.pk,), countdown=SECONDS)


def deliver_webhook(intent_id: str) -> None:
    """Tell the shop over HTTP, signed, as a real bank would. Raises OSError when nobody answers 200."""
    body = webhook_body(_intent(intent_id))
    request = Request(  # noqa: S310 - our own address
        f"{settings.SITE_URL}{reverse('webhook', args=['payments', 'sandbox'])}",
        data=body,
        headers={
            "Content-Type": "application/json",
            inbox.SIGNATURE_HEADER: inbox.sign(body, settings.SANDBOX_WEBHOOK_SECRET),
        },
    )
    with urlopen(request, timeout=10):  # noqa: S310
        pass


def webhook_body(intent: SandboxIntent) -> bytes:
    event = {
        "id": f"evt_{intent.pk}_{intent.status}",
        "type": f"{intent.kind}.{intent.status}",
        **({"payment": intent.pk.removeprefix("pay_")} if intent.kind == "payment" else {intent.kind: intent.pk}),
    }
    return json.dumps(event).encode()


def read_webhook(body: bytes, headers: Mapping[str, str]) -> str:
    return inbox.event_id(body, headers, settings.SANDBOX_WEBHOOK_SECRET)


def subject_of(body: dict[str, object]) -> tuple[str, str] | None:
    return next(((kind, str(body[kind])) for kind in ("payment", "dispute", "account") if kind in body), None)
