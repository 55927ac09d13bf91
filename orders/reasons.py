"""Why a device was cancelled or refunded, in words for its buyer. A table of data, by `cancel_reason` and
`Refund.reason`."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

WORDS: dict[str, str | Promise] = {
    # The plant's word
    "out_of_stock": _("It was sold out."),
    "defect_found": _("The plant found a defect before sending it."),
    "wrong_price": _("Its price was a mistake of the plant."),
    "address": _("It cannot be delivered to your address."),
    # The clock's, and the courier's
    "not_shipped": _("The plant did not send it in time."),
    "parcel_lost": _("The courier lost the parcel."),
    "undelivered": _("The courier could not deliver it and brought it back."),
    "repair_too_slow": _("It was not repaired or replaced in time."),
    # Our support's
    "goodwill": _("Our support gave you your money back, as a goodwill."),
    "mistake": _("It was a mistake of ours."),
    "late": _("It took too long."),
    "defect": _("The device had a defect."),
    "not_received": _("You did not receive it."),
    "claim": _("Your case ended with a refund."),
    # The buyer's, and their bank's
    "buyer": _("You cancelled it or ordered anew."),
    "given_up": _("You gave the order up before you paid."),
    "withdrawal": _("You withdrew from the contract."),
    "not_paid": _("The payment did not arrive."),
    "paid_too_late": _("Your payment came when the order had been given up."),
    "disputed": _("Your bank has paid it back to you."),
    "hold_refused": _("We could not confirm the order."),
    "hold_lapsed": _("The bank's authorisation ended before the payment was complete."),
}
# A device that was paid, and so not given up for another order.
CANCELLED_BY_BUYER = _("You cancelled it.")
# What nobody has words for blames nobody.
OTHER = _("It was cancelled, and is refunded in full.")


def refund_words(reason: str, *, is_paid: bool) -> str | Promise:
    """Why, in a sentence; nothing where there is no reason."""
    if reason == "buyer" and is_paid:
        return CANCELLED_BY_BUYER
    return WORDS.get(reason, OTHER) if reason else ""
