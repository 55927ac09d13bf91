"""The claim page: where the case stands, whose turn it is, and what was said."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy

from backmarket.events.selectors import timeline as events_of
from orders.issues import LABELS
from orders.models import Claim, ClaimMessage
from orders.pages.parts import Next, Step

Case = Claim.Status
CASE_WORDS: dict[str, tuple[str | Promise, str | Promise]] = {
    Case.AWAITING_PLANT: (
        gettext_lazy("The plant answers next"),
        gettext_lazy("Promised within one business day. If it stays silent, our support takes over."),
    ),
    Case.AWAITING_CUSTOMER: (
        gettext_lazy("Your answer is awaited"),
        gettext_lazy("Write below. The plant's clock stands still until you do."),
    ),
    Case.AWAITING_RETURN: (
        gettext_lazy("Send the device to the plant"),
        gettext_lazy("The label is prepaid. Back up your data and remove account locks first."),
    ),
    Case.IN_TRANSIT_TO_PLANT: (
        gettext_lazy("Your parcel is on its way to the plant"),
        gettext_lazy("From its arrival the plant has five business days."),
    ),
    Case.AT_PLANT: (
        gettext_lazy("The device is at the plant"),
        gettext_lazy("It is repaired or replaced within five business days; at ten you are refunded automatically."),
    ),
    Case.REPAIRING: (gettext_lazy("Your device is being repaired"), gettext_lazy("Then it comes straight back.")),
    Case.REPLACING: (gettext_lazy("Another device is being prepared"), gettext_lazy("Then it comes to you.")),
    Case.DISPUTED: (
        gettext_lazy("The plant refuses"),
        gettext_lazy("Its reasons are below. If you do not agree, say why: our support then decides."),
    ),
    Case.ARBITRATION: (
        gettext_lazy("Our support decides"),
        gettext_lazy("Within one business day, for both sides and in words."),
    ),
    Case.IN_TRANSIT_TO_CUSTOMER: (
        gettext_lazy("Your device is on its way to you"),
        gettext_lazy("The case is closed on delivery; write here if something is still wrong."),
    ),
    Case.RESOLVED: (
        gettext_lazy("Solved"),
        gettext_lazy("Not quite? Write below while the guarantee runs, and the case opens again."),
    ),
    Case.REFUNDED: (gettext_lazy("Refunded"), gettext_lazy("The money is on its way to the means you paid with.")),
    Case.WITHDRAWN: (gettext_lazy("You withdrew this case"), gettext_lazy("You may open another one any time.")),
}
OPENED = gettext_lazy("You opened the case")
ANSWERED = gettext_lazy("First answer")
ESCALATED = gettext_lazy("Our support took over")


@dataclass(frozen=True)
class ClaimPage:
    claim: Claim
    issue: str | Promise
    next: Next
    steps: list[Step]
    messages: list[ClaimMessage]
    can_write: bool
    can_withdraw: bool
    can_solve: bool
    can_arbitrate: bool
    has_label: bool


def claim_page(claim: Claim) -> ClaimPage:
    title, text = CASE_WORDS.get(claim.status, (claim.get_status_display(), ""))
    moves = Claim.MOVES.get(claim.status, set())
    label = claim.status == Case.AWAITING_RETURN and claim.parcel is not None
    return ClaimPage(
        claim=claim,
        issue=LABELS.get(claim.issue, claim.issue),
        next=Next(str(title), str(text), icon=_case_icon(claim), deadline=claim.running_due_at),
        steps=_case_steps(claim),
        messages=list(claim.messages.select_related("author")),
        can_write=claim.status not in (Case.REFUNDED, Case.WITHDRAWN),
        can_withdraw=Case.WITHDRAWN in moves,
        can_solve=claim.status == Case.AWAITING_CUSTOMER,
        can_arbitrate=claim.status == Case.DISPUTED,
        has_label=label,
    )


def _case_icon(claim: Claim) -> str:
    icons = {
        Case.AWAITING_CUSTOMER: "chat", Case.AWAITING_RETURN: "box", Case.IN_TRANSIT_TO_PLANT: "truck",
        Case.IN_TRANSIT_TO_CUSTOMER: "truck", Case.REPAIRING: "wrench", Case.RESOLVED: "check",
        Case.REFUNDED: "check", Case.DISPUTED: "warning",
    }  # fmt: skip
    return icons.get(Case(claim.status), "clock")


def _case_steps(claim: Claim) -> list[Step]:
    """The case's events, in the words of its states; messages have their own place."""
    words: dict[str, str | Promise] = {f"claim.{status.value}": status.label for status in Case}
    words |= {"claim.opened": OPENED, "claim.answered": ANSWERED, "claim.escalated": ESCALATED}
    found = [event for event in events_of(claim) if event.kind in words]
    last = len(found) - 1
    over = claim.status in (Case.RESOLVED, Case.REFUNDED, Case.WITHDRAWN)
    return [
        Step(capfirst(str(words[event.kind])), event.happened_at, "current" if place == last and not over else "done")
        for place, event in enumerate(found)
    ]
