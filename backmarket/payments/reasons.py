"""Why money did not arrive: the codes of banks (ISO 20022) and of Stripe, in words, and whose account is at fault.

A table of data. The payee's fault means that another account is needed; any other is the house's to mend, and the
same account is paid again.
"""

from collections.abc import Iterable, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

PAYEE: Mapping[str, str | Promise] = {
    # ISO 20022, external status reasons
    "AC01": _("The account number does not exist."),
    "AC03": _("The account number does not exist."),
    "AC04": _("The account is closed."),
    "AC06": _("The account is blocked."),
    "AC07": _("The account is closed."),
    "AC13": _("The account is of a kind that cannot be paid."),
    "AC14": _("The account is of a kind that cannot be paid."),
    "AG01": _("The account takes no transfers."),
    "AG03": _("The account takes no transfers of this kind."),
    "BE01": _("The account is in another name."),
    "BE04": _("The account holder's address is missing."),
    "CNOR": _("The account's bank cannot be reached by SEPA."),
    "MD07": _("The account holder has died."),
    "RC01": _("The account's bank is not known."),
    "RC04": _("The account's bank is not known."),
    "RR02": _("The account holder's name or address is missing."),
    "RR03": _("The account holder's name or address is missing."),
    # Stripe
    "payout_method_canceled_by_customer": _("The account holder gave the transfer back."),
    "payout_method_closed": _("The account is closed."),
    "payout_method_currency_unsupported": _("The account does not take this currency."),
    "payout_method_declined": _("The account's bank refused the transfer."),
    "payout_method_does_not_exist": _("The account number does not exist."),
    "payout_method_expired": _("The account is closed."),
    "payout_method_holder_address_incorrect": _("The account holder's address does not fit."),
    "payout_method_holder_details_incorrect": _("The account is in another name."),
    "payout_method_holder_name_incorrect": _("The account is in another name."),
    "payout_method_invalid_account_number": _("The account number does not exist."),
    "payout_method_restricted": _("The account is blocked."),
    "payout_method_unsupported": _("The account is of a kind that cannot be paid."),
    # Our own, before a file is made
    "not_sepa": _("The account is in a country outside the SEPA area."),
    "no_bic": _("The account's bank is not known."),
    "bad_iban": _("The account number does not exist."),
    "bad_name": _("The account holder's name has no letter that banks can read."),
}
HOUSE: Mapping[str, str | Promise] = {
    "AC02": _("Our own account number was wrong."),
    "AG02": _("The bank does not take this kind of order."),
    "AM02": _("The amount is above the bank's limit."),
    "AM03": _("The bank does not take this currency."),
    "AM04": _("Our own account had not enough money."),
    "AM05": _("The bank has had this transfer already."),
    "AM09": _("The amount was not understood."),
    "AM10": _("The sum of the file was not understood."),
    "AM18": _("There were too many transfers in the file."),
    "CH03": _("The execution date was too far ahead."),
    "CH04": _("The execution date was in the past."),
    "CUST": _("The transfer was called off on our side."),
    "DS02": _("The transfer was called off on our side."),
    "DU01": _("The bank has had this file already."),
    "DUPL": _("The bank has had this transfer already."),
    "FF01": _("The bank could not read the file."),
    "FRAD": _("The bank suspects fraud."),
    "MS02": _("The bank gives no reason."),
    "MS03": _("The bank gives no reason."),
    "NARR": _("The bank gives its reason in words only."),
    "RR04": _("The bank stopped it for a legal reason."),
    "TM01": _("The file came after the bank's closing time."),
    "canceled": _("The transfer was called off on our side."),
    "fx_rate_drift_exceeded_after_review": _("The exchange rate had moved too far."),
    "payout_method_amount_limit_exceeded": _("The amount is above the bank's limit."),
    "payout_method_usage_frequency_limit_exceeded": _("There were too many transfers to this account."),
    "recalled": _("The transfer was called back."),
    "review_rejected": _("The payment provider's review refused it."),
    "unknown_failure": _("The bank gives no reason."),
    # Our own
    "bad_amount": _("The amount is outside what a transfer can carry."),
    "bad_currency": _("SEPA transfers are in euros only."),
    "balance_insufficient": _("Our balance at the provider is too small: it is tried again by itself."),
    "unanswered": _("The bank was asked so long ago that asking again might pay twice: look it up there."),
}
# Why nothing was taken back from a payee's account.
REVERSAL: Mapping[str, str | Promise] = {
    "amount_too_large": _("More than what is left of the transfer."),
    "balance_insufficient": _("The payee's account with the provider holds less than this."),
    "insufficient_funds": _("The payee's account with the provider holds less than this."),
}
# Why a payment came astray: its money goes back whole.
STRAY: Mapping[str, str | Promise] = {
    "came_late": _("The buyer paid after the payment had been given up."),
    "amount_mismatch": _("The payment provider took another amount than the one to pay."),
    "credit_gone": _("The credit that should have paid the rest had been used meanwhile."),
    "order_mismatch": _("What was paid is not what the order costs."),
}
# Why a buyer's card was refused. A bank's suspicion is not told: it is shown as any other refusal.
CARD: Mapping[str, str | Promise] = {
    "authentication_required": _("Your bank wants to be sure that it is you. Try again and confirm."),
    "payment_intent_authentication_failure": _("The payment was not confirmed with your bank. Try again."),
    "expired_card": _("This card has expired. Try another one."),
    "incorrect_cvc": _("The security code of the card is not right. Try again."),
    "insufficient_funds": _("There is not enough money on this card. Try another one."),
}
# Why a buyer disputes a payment, as card networks put it.
DISPUTED: Mapping[str, str | Promise] = {
    "credit_not_processed": _("The buyer waits for a refund."),
    "duplicate": _("The buyer says that they paid twice."),
    "fraudulent": _("The card's holder says that they did not pay this."),
    "general": _("The buyer's bank gives no reason."),
    "product_not_received": _("The buyer says that nothing came."),
    "product_unacceptable": _("The buyer says that it is not what was described."),
    "subscription_canceled": _("The buyer says that they had cancelled."),
    "unrecognized": _("The card's holder does not recognise the payment."),
}
# What a provider still asks of a payee, by the beginning of its code.
MISSING: Mapping[str, str | Promise] = {
    "external_account": _("a bank account"),
    "tos_acceptance": _("acceptance of the provider's terms"),
    "company.tax_id": _("the company's tax number"),
    "company.": _("facts about the company"),
    "business_profile.": _("what the company does"),
    "business_type": _("what kind of company it is"),
    "representative.": _("who represents the company"),
    "person": _("who represents or owns the company"),
    "individual.": _("who you are"),
    "owners.": _("who owns the company"),
    "directors.": _("who directs the company"),
    "documents.": _("documents about the company"),
}
# The bank says that it has done, or will do, what we asked for: the money has left.
HAD_ALREADY = frozenset({"AM05", "DU01", "DUPL"})
# Never paid again without a person who has looked.
BY_HAND = HAD_ALREADY | {"FRAD", "RR04", "review_rejected"}


def is_payees(code: str) -> bool:
    """Is it the payee's account that cannot be paid? No code at all is a bank's plain return of the money."""
    return not code or code in PAYEE


def words(code: str) -> str:
    """The reason in a sentence; an unknown code as it is."""
    return _with_code(code, PAYEE.get(code) or HOUSE.get(code) or STRAY.get(code))


def reversal_words(code: str) -> str:
    """Why a reversal failed: what is said of our balance elsewhere is here about the payee's."""
    return _with_code(code, REVERSAL.get(code))


def _with_code(code: str, known: str | Promise | None) -> str:
    return gettext("%(words)s (%(code)s)") % {"words": known, "code": code} if known else code


def card_words(code: str) -> str:
    """Why the last card was refused, for its holder."""
    return str(CARD.get(code) or gettext("Your bank refused this card. Nothing was charged: try another one."))


def dispute_words(code: str) -> str:
    return str(DISPUTED.get(code) or code)


def missing_words(codes: Iterable[str]) -> list[str]:
    """What a provider still asks for, each once, in words; an unknown code as it is."""
    found = [next((text for start, text in MISSING.items() if code.startswith(start)), code) for code in codes]
    return list(dict.fromkeys(str(text) for text in found))
