"""The way of a parcel, on its buyer's page: from the payment to the door, or to where it was called off."""

from datetime import datetime

from django.utils.html import format_html
from django.utils.text import capfirst

from backmarket.markup import day_format
from backmarket.markup import gettext as _
from backmarket.shipping.models import Parcel
from backmarket.shipping.names import COURIERS
from backmarket.templatetags.pieces import tracking
from orders.models import Consignment, OrderLine
from orders.pages.parts import Step
from orders.selectors import arrival

Line = OrderLine.Status


def parcel_steps(consignment: Consignment, bought: list[OrderLine]) -> list[Step]:
    """The parcel's way, from the line that got furthest; the courier's scans in between."""
    lines = [line for line in bought if not _is_called_off(line)]
    if not lines:
        return _called_off(bought)
    line = max(lines, key=lambda each: (each.delivered_at is not None, each.shipped_at is not None))
    steps = [
        _step(_("Paid"), line.paid_at),
        *([_step(_("We check your order"), None)] if line.status == Line.ON_HOLD else []),
        _step(_("Accepted by the plant") if line.accepted_at else _("The plant accepts it"), line.accepted_at),
        _step(_("Handed to the courier"), line.shipped_at, detail=_tracking(consignment.parcel)),
    ]
    if consignment.parcel:
        # Where it ends is said below, with what follows from it.
        ends = {"delivered", consignment.parcel.status}
        between = [point for point in consignment.parcel.points.all() if point.code not in ends]
        steps += [Step(point.get_code_display(), point.happened_at, "done", point.place) for point in between]
        if consignment.parcel.status == Parcel.Status.LOST:
            return [*steps, Step(_("Lost by the courier: you are refunded"), consignment.parcel.lost_at, "problem")]
        if consignment.parcel.status == Parcel.Status.RETURNED:
            back = _("Brought back to the plant: you are refunded")
            return [*steps, Step(back, consignment.parcel.returned_at, "problem")]
    # What the courier found after the refund is delivered, though the line is not.
    there = line.delivered_at or (consignment.parcel.delivered_at if consignment.parcel else None)
    if there is None and line.status == Line.REFUNDED:
        return [*steps, Step(_("Refunded on its way"), line.refunded_at, "problem")]
    steps.append(_step(_("Delivered"), there, detail="" if there else _expected(consignment, line)))
    return _with_current(steps)


def _is_called_off(line: OrderLine) -> bool:
    """Never sent, and never will be, wherever its money is."""
    return line.status == Line.CANCELLED or (line.status == Line.REFUNDED and line.shipped_at is None)


def _called_off(bought: list[OrderLine]) -> list[Step]:
    """How far a parcel came of which nothing is sent: its way ends there, also once the money is back."""
    line = max(bought, key=lambda each: (each.accepted_at is not None, each.cancelled_at is not None))
    done = [_step(_("Paid"), line.paid_at), _step(_("Accepted by the plant"), line.accepted_at)]
    return [*(step for step in done if step.at), Step(_("Cancelled"), line.cancelled_at, "problem")]


def _step(title: str, at: datetime | None, detail: str = "") -> Step:
    return Step(title, at, "done" if at else "todo", detail)


def _with_current(steps: list[Step]) -> list[Step]:
    """The first thing that has not happened is the one we wait for."""
    for place, step in enumerate(steps):
        if step.state == "todo":
            return [*steps[:place], Step(step.title, step.at, "current", step.detail), *steps[place + 1 :]]
    return steps


def _tracking(parcel: Parcel | None) -> str:
    if parcel is None or not parcel.tracking_number:
        return ""
    shown = format_html(_("{courier}, number {number}"), courier=capfirst(parcel.courier_name), number=tracking(parcel))
    if parcel.tracking_url or parcel.courier not in COURIERS:
        return shown
    return format_html("{}<br>{}", shown, _("Enter it on the courier's own website."))


def _expected(consignment: Consignment, line: OrderLine) -> str:
    if line.paid_at is None or line.status == Line.ON_HOLD:  # whoever looks at it promises nothing
        return ""
    if consignment.promised_date:
        return _("Express, promised by %(day)s") % {"day": day_format(consignment.promised_date, "DATE_FORMAT")}
    day = arrival(line.paid_at, line.listing.shipping_days)
    return _("Expected by %(day)s") % {"day": day_format(day, "DATE_FORMAT")}
