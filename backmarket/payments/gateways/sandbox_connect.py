"""The sandbox plays Connect: accounts that are filled in on a page of its own, and transfers that arrive at once.

What the page's button says decides what the account may do; an amount that ends in 09 finds the house's balance empty.
A transfer is taken back up to what was sent, unless the amount ends in 08: then its payee has spent the money.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from backmarket.errors import GatewayError
from backmarket.money import Money
from backmarket.payments.gateways.base import AccountReport, KnownReversal, Outcome, Transfer
from backmarket.payments.models import ConnectAccount, Payout, SandboxIntent, TransferReversal

NEW = "new"
# The button of the page -> its name, what it does, and what the account may do then.
ANSWERS = {
    "complete": (_("All right"), _("The account can be paid."), AccountReport(True, True, True)),
    "review": (
        _("Being checked"),
        _("Filled in, but it cannot be paid yet."),
        AccountReport(True, False, False, (), "requirements.pending_verification"),
    ),
    "incomplete": (
        _("Left half-way"),
        _("A bank account and an owner are missing: it cannot be paid."),
        AccountReport(False, False, False, ("external_account", "owners.first_name"), "requirements.past_due"),
    ),
}
EMPTY, SPENT = "09", "08"
TABLE: dict[Any, Any] = {
    _("ending in %(digits)s") % {"digits": EMPTY}: _("The house's balance is too small: tried again by itself."),
    _("ending in %(digits)s, taken back") % {"digits": SPENT}: _("Refused: the payee has spent the money."),
}


class Connect:
    """See base.ConnectGateway and PayoutGateway."""

    def open(self, account: ConnectAccount) -> str:
        intent, _is_new = SandboxIntent.objects.get_or_create(
            id=f"acct_{account.pk.hex}",
            defaults={"kind": "account", "status": NEW, "amount_minor": 0, "currency": "EUR"},
        )
        return intent.pk

    def link(self, account: ConnectAccount, *, return_url: str, refresh_url: str) -> str:
        _intent(account.gateway_id)
        SandboxIntent.objects.filter(pk=account.gateway_id).update(return_url=return_url)
        return reverse("sandbox-connect", args=[account.gateway_id])

    def status(self, account: ConnectAccount) -> AccountReport:
        status = _intent(account.gateway_id).status
        return ANSWERS[status if status in ANSWERS else "incomplete"][2]

    def payout(self, payout: Payout) -> str:
        if f"{payout.amount_minor:02}"[-2:] == EMPTY and payout.attempts < 2:
            raise GatewayError("balance_insufficient")
        if _intent(payout.destination).status != "complete":
            raise GatewayError("account_cannot_be_paid")
        intent, _is_new = SandboxIntent.objects.get_or_create(
            id=f"tr_{payout.pk.hex}",
            defaults={
                "kind": "transfer", "status": "sent", "amount_minor": payout.amount_minor, "currency": payout.currency,
            },
        )  # fmt: skip
        return intent.pk

    def payout_status(self, payout: Payout, *, at: datetime) -> Transfer:
        return Transfer(_intent(payout.gateway_id).pk, Outcome.DONE)

    def reverse(self, reversal: TransferReversal) -> str:
        if not SandboxIntent.objects.filter(pk=f"trr_{reversal.pk.hex}").exists():
            self._require_left(reversal)
        intent, _is_new = SandboxIntent.objects.get_or_create(
            id=f"trr_{reversal.pk.hex}",
            defaults={
                "kind": "reversal", "status": "done", "amount_minor": reversal.amount_minor,
                "currency": reversal.currency, "facts": {"transfer": reversal.payout.gateway_id},
            },
        )  # fmt: skip
        return intent.pk

    def _require_left(self, reversal: TransferReversal) -> None:
        taken = sum(known.amount.minor for known in self.reversals(reversal.payout))
        if taken + reversal.amount_minor > _intent(reversal.payout.gateway_id).amount_minor:
            raise GatewayError("amount_too_large")
        if f"{reversal.amount_minor:02}"[-2:] == SPENT:
            raise GatewayError("balance_insufficient")

    def reversals(self, payout: Payout) -> list[KnownReversal]:
        found = SandboxIntent.objects.filter(kind="reversal", facts__transfer=payout.gateway_id)
        return [KnownReversal(each.pk, Money(each.amount_minor, each.currency), _ours(each.pk)) for each in found]


def _ours(intent_id: str) -> str:
    return str(UUID(intent_id.removeprefix("trr_")))


def _intent(intent_id: str) -> SandboxIntent:
    try:
        return SandboxIntent.objects.get(pk=intent_id)
    except SandboxIntent.DoesNotExist:
        raise GatewayError("The sandbox bank has never heard of this.") from None


def answers() -> list[tuple[str, Any, Any]]:
    """The buttons of the page: (key, name, what it does)."""
    return [(key, name, text) for key, (name, text, _report) in ANSWERS.items()]


def buttons() -> list[tuple[Any, Any]]:
    return [(name, text) for _key, name, text in answers()]


def fill_in(intent: SandboxIntent, answer: str) -> None:
    """The holder presses a button of the page; an unknown one changes nothing."""
    if answer not in ANSWERS:
        return
    SandboxIntent.objects.filter(pk=intent.pk, kind="account").update(status=answer)
    from backmarket.payments.tasks import deliver_sandbox_webhook

    deliver_sandbox_webhook.delay(intent.pk)
