"""Stripe pays other people: outbound payments (API v2, "money management") from the house's financial account.

One payout is at most four calls: a recipient, its bank account, where the law asks for it a check that the account is
the recipient's, and the payment. Stripe is told the holder's name, the country and the IBAN, and nothing else; the
e-mail address that it asks of a recipient is the house's own, so that it writes to nobody but us.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from schwifty import IBAN

from backmarket.errors import GatewayError
from backmarket.payments.gateways.base import Outcome, Transfer
from backmarket.payments.gateways.stripe import ask, client
from backmarket.payments.models import Payout
from backmarket.payments.sepa import EEA, transfer_text

STATEMENT_LENGTH = 22
# The words of an outbound payment that will never arrive.
LOST = ("failed", "returned", "canceled")
# A name check that allows the payment. An account under another name is no account of the person we owe.
SAME_NAME = ("verified", "acknowledged")


class Payouts:
    """See base.PayoutGateway."""

    def payout(self, payout: Payout) -> str:
        recipient = ask(lambda: client().v2.core.accounts.create(_recipient(payout), _key(payout, "recipient"))).id
        if payout.attempts > 1 and (known := _already_paid(recipient)):
            return known
        method = _account_of(payout, recipient)
        params = _payment(payout, recipient, method)
        if settings.MARKET_COUNTRY in EEA:
            params["recipient_verification"] = _verify(payout, recipient, method)
        return ask(lambda: client().v2.money_management.outbound_payments.create(params, _key(payout))).id

    def payout_status(self, payout: Payout, *, at: datetime) -> Transfer:
        found: Any = ask(lambda: client().v2.money_management.outbound_payments.retrieve(payout.gateway_id))
        if found.status in LOST:
            details: Any = getattr(found.status_details, found.status, None) if found.status_details else None
            return Transfer(found.id, Outcome.FAILED, str(getattr(details, "reason", found.status)))
        arrived = found.status == "posted" and _arrival(found) <= at
        return Transfer(found.id, Outcome.DONE if arrived else Outcome.PENDING)


def _arrival(payment: Any) -> datetime:
    """When the money is there: posted says only that it has left."""
    return datetime.fromisoformat(payment.expected_arrival_date or payment.status_transitions.posted_at)


def _key(payout: Payout, part: str = "", **more: Any) -> Any:
    """The call's idempotency key: our row's id, and what the call makes for it."""
    return {"idempotency_key": f"{payout.pk}-{part}" if part else str(payout.pk), **more}


def _recipient(payout: Payout) -> Any:
    country, is_plant = IBAN(payout.iban).country_code, payout.account == "plant"
    given, _space, surname = payout.holder.strip().rpartition(" ")
    identity: dict[str, Any] = {"country": country.lower(), "entity_type": "company" if is_plant else "individual"}
    if is_plant:
        identity["business_details"] = {"registered_name": payout.holder}
    else:
        identity["individual"] = {"given_name": given or surname, "surname": surname}
    return {
        "contact_email": settings.SUPPORT_EMAIL,
        "identity": identity,
        "configuration": {"recipient": {"capabilities": {"bank_accounts": {"local": {"requested": True}}}}},
        "metadata": {"payout": str(payout.pk)},
    }


def _already_paid(recipient: str) -> str | None:
    """The payment made by an earlier try, found by its recipient: each payout has one of its own."""
    made: Any = ask(lambda: client().v2.money_management.outbound_payments.list({"recipient": recipient, "limit": 1}))
    return str(made.data[0].id) if made.data else None


def _account_of(payout: Payout, recipient: str) -> str:
    """The payout method of the recipient's bank account."""
    account = {
        "account_number": payout.iban,
        "country": IBAN(payout.iban).country_code,
        "currency": payout.currency.lower(),
    }
    params: Any = {"payout_method_data": {"type": "bank_account", "bank_account": account}, "usage_intent": "payment"}
    options = _key(payout, "account", stripe_context=recipient)
    intent = ask(lambda: client().v2.money_management.outbound_setup_intents.create(params, options))
    if intent.payout_method is None:
        raise GatewayError("payout_method_unsupported")
    return intent.payout_method.id


def _verify(payout: Payout, recipient: str, method: str) -> str:
    """Whose account is it? (Regulation (EU) 2024/886.) The answer is good for minutes, so every try asks anew."""
    params: Any = {"payout_method": method, "recipient": recipient}
    options = _key(payout, f"verification-{payout.attempts}")
    found = ask(lambda: client().v2.money_management.recipient_verifications.create(params, options))
    if found.status not in SAME_NAME:
        raise GatewayError("payout_method_holder_name_incorrect")
    return found.id


def _payment(payout: Payout, recipient: str, method: str) -> Any:
    currency = payout.currency.lower()
    return {
        "from": {"financial_account": settings.STRIPE_FINANCIAL_ACCOUNT, "currency": currency},
        "to": {"recipient": recipient, "payout_method": method, "currency": currency},
        "amount": {"value": payout.amount_minor, "currency": currency},
        "description": transfer_text(payout),
        "statement_descriptor": settings.SITE_NAME[:STATEMENT_LENGTH],
        "recipient_notification": {"setting": "none"},
        "metadata": {"payout": str(payout.pk)},
    }
