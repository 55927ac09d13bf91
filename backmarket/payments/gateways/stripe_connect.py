"""Stripe Connect: an account of each payee's own, paid by transfers from the house's balance.

Separate charges and transfers (docs.stripe.com/connect/separate-charges-and-transfers): the buyer pays the house, which
transfers a settlement to the plant's account; Stripe pays it on to the plant's bank. Accounts are of API v1, with
Stripe's own onboarding and dashboard, so that who they are is Stripe's to ask and to keep.
"""

from datetime import datetime
from typing import Any

from backmarket.money import Money
from backmarket.payments.gateways.base import AccountReport, KnownReversal, Outcome, Transfer
from backmarket.payments.gateways.stripe import ask, client
from backmarket.payments.models import ConnectAccount, Payout, TransferReversal


class Connect:
    """See base.ConnectGateway and PayoutGateway."""

    def open(self, account: ConnectAccount) -> str:
        if account.gateway_id:
            return account.gateway_id
        params: Any = {
            "country": account.country,
            "controller": {
                "fees": {"payer": "application"},
                "losses": {"payments": "application"},
                "requirement_collection": "stripe",
                "stripe_dashboard": {"type": "express"},
            },
            "capabilities": {"transfers": {"requested": True}},
            "business_type": "company",
            "metadata": {"account": str(account.pk)},
        }
        options: Any = {"idempotency_key": str(account.pk)}
        return ask(lambda: client().v1.accounts.create(params, options)).id

    def link(self, account: ConnectAccount, *, return_url: str, refresh_url: str) -> str:
        """Each call makes a new one, as it must: a link is good once."""
        params: Any = {
            "account": account.gateway_id, "type": "account_onboarding", "return_url": return_url,
            "refresh_url": refresh_url,
        }  # fmt: skip
        return ask(lambda: client().v1.account_links.create(params)).url

    def status(self, account: ConnectAccount) -> AccountReport:
        found: Any = ask(lambda: client().v1.accounts.retrieve(account.gateway_id))
        needs = found.requirements
        return AccountReport(
            details_submitted=bool(found.details_submitted),
            payouts_enabled=bool(found.payouts_enabled),
            transfers_enabled=getattr(found.capabilities, "transfers", "") == "active",
            missing=tuple(dict.fromkeys([*(needs.past_due or ()), *(needs.currently_due or ())])) if needs else (),
            disabled_reason=(needs.disabled_reason or "") if needs else "",
        )

    def payout(self, payout: Payout) -> str:
        """Keys are forgotten after a day: a later try first looks for the transfer by its group, our row's id."""
        if payout.attempts > 1:
            params: Any = {"transfer_group": str(payout.pk), "limit": 1}
            made = ask(lambda: client().v1.transfers.list(params))
            if made.data:
                return made.data[0].id
        params = {
            "amount": payout.amount_minor,
            "currency": payout.currency.lower(),
            "destination": payout.destination,
            "description": payout.label,
            "transfer_group": str(payout.pk),
            "metadata": {"payout": str(payout.pk)},
        }
        options: Any = {"idempotency_key": _key(payout)}
        return ask(lambda: client().v1.transfers.create(params, options)).id

    def payout_status(self, payout: Payout, *, at: datetime) -> Transfer:
        """A transfer is there at once: what is taken back later is a reversal."""
        found = ask(lambda: client().v1.transfers.retrieve(payout.gateway_id))
        return Transfer(found.id, Outcome.DONE)

    def reverse(self, reversal: TransferReversal) -> str:
        for known in self.reversals(reversal.payout):
            if known.ours == str(reversal.pk):
                return known.gateway_id
        transfer = reversal.payout.gateway_id
        params: Any = {"amount": reversal.amount_minor, "metadata": {"reversal": str(reversal.pk)}}
        options: Any = {"idempotency_key": str(reversal.pk)}
        return ask(lambda: client().v1.transfers.reversals.create(transfer, params, options)).id

    def reversals(self, payout: Payout) -> list[KnownReversal]:
        params: Any = {"limit": 100}
        listed = client().v1.transfers.reversals
        found = ask(lambda: list(listed.list(payout.gateway_id, params).auto_paging_iter()))
        return [
            KnownReversal(each.id, Money(each.amount, each.currency.upper()), getattr(each.metadata, "reversal", ""))
            for each in found
        ]


def _key(payout: Payout) -> str:
    """Our row's id, and when we began: that changes only once a call was refused for certain, for Stripe would repeat
    a refusal that it keeps under a key. Seconds, for an instant has many spellings."""
    assert payout.sending_at is not None  # noqa: S101 - noted before the call
    return f"{payout.pk}-{payout.sending_at.timestamp():.0f}"
