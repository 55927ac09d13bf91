"""Columns and panels that the desk and the plants share."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.admin import display
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from backmarket.admin.columns import deadline, deadline_column, moment, money_column, state_column, text_column
from backmarket.admin.exports import csv_response
from backmarket.admin.panels import Panel, conversation, facts, table
from backmarket.money import Money, total
from backmarket.payments.sepa import debtor
from backmarket.shipping.labels import label_pdf
from backmarket.shipping.models import Parcel
from backmarket.templatetags.pieces import tracking
from backmarket.templatetags.ui import money
from backmarket.timetravel import now
from catalog.models import Grade
from orders.fraud import explain
from orders.issues import LABELS
from orders.models import CancelRequest, Claim, ClaimMessage, Consignment, Earning, Hold, Order, OrderLine, Settlement
from orders.selectors import Statement, is_disputed, refunds_of_parts, row_sums
from orders.statements import AccountStatement, settlement_facts

# The amounts of a row of a settlement, as `row_sums` gives them.
AMOUNTS = (_("Gross"), _("Commission"), _("VAT on commission"), _("Label"), _("Amount"))


class LineColumns:
    shown_status = state_column()
    deadline_shown = deadline_column()
    price_shown = money_column("price", _("price"), ordering="price_minor")
    gross_shown = money_column("gross", _("with shipping"))
    order_number = text_column("order.number", _("order"), ordering="order__number")


class ConsignmentColumns:
    """Late is what still has to be sent; what left too late says so."""

    order_number = text_column("order.number", _("order"), ordering="order__number")
    deadline_shown = deadline_column("ship_by", _("send by"), done_late=_("sent late"))
    shipping_shown = money_column("shipping", _("shipping paid"))
    surcharge_shown = money_column("surcharge", _("of it for express"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Consignment]:
        rows: QuerySet[Consignment] = super().get_queryset(request)  # type: ignore[misc]
        lines = OrderLine.objects.filter(consignment=OuterRef("pk"))
        waits = Exists(lines.filter(status__in=[OrderLine.Status.PAID, OrderLine.Status.ACCEPTED]))
        return rows.annotate(
            late=Q(waits, ship_by__lte=now()),
            done_late=Q(~waits, Exists(lines.filter(shipped_at__gt=OuterRef("ship_by")))),
        )


class ClaimColumns:
    shown_status = state_column()
    deadline_shown = deadline_column("running_due_at", ordering="due_at")
    device = text_column("line.title", _("device"))
    order_number = text_column("line.order.number", _("order"))
    price_shown = money_column("line.price", _("price"))

    @display(description=_("issue"), ordering="issue")
    def issue_shown(self, claim: Claim) -> Any:
        return LABELS.get(claim.issue, claim.issue)


def link(site: str, obj: Any, words: Any) -> str:
    name = f"{site}:{obj._meta.app_label}_{obj._meta.model_name}_change"
    return format_html('<a href="{}">{}</a>', reverse(name, args=[obj.pk]), words)


def lines_panel(site: str, lines: Iterable[OrderLine]) -> Panel:
    rows = [
        (
            link(site, line, line.title),
            Grade(line.grade).label,
            line.get_status_display(),
            money(line.price),
            line.identifier or "–",
            deadline(line.due_at, late=False),
        )
        for line in lines
    ]
    headers = (_("Device"), _("Grade"), _("Status"), _("Price"), _("IMEI or serial"), _("Deadline"))
    return table(_("Devices"), headers, rows)


def address_panel(order: Order, *consignments: Consignment, before: bool = False) -> Panel:
    """Where it goes; a parcel that its buyer has redirected says so. `before`: also where nothing goes any more."""
    where = [(_("Address"), "\n".join(order.address.lines))]
    consignments = consignments or tuple(order.consignments.select_related("address"))
    changed = [("\n".join(each.address.lines)) for each in consignments if each.address]
    if changed and len(changed) == len(consignments):
        where = [(_("Address before, to which nothing goes"), where[0][1])] if before else []
    return facts(_("Send to"), [*where, *((_("New address, as the customer wishes"), lines) for lines in changed)])


def dispute_panel(order_id: UUID) -> list[Panel]:
    """What its plant does while the buyer's bank may take the money back; no panel where it is not asked to."""
    if not is_disputed(order_id):
        return []
    wait = _("Do not send what has not left: wait until we write, or ask us. What has left stays as it is.")
    return [facts(_("The buyer has disputed this payment"), [(_("Wait"), wait)])]


def requests_panel(site: str, requests: Iterable[CancelRequest]) -> list[Panel]:
    """What the customer asked to call off, and what became of it; no panel when they asked nothing."""
    rows = [
        (link(site, each.line, each.line.title), moment(each.opened_at), each.get_status_display(), each.answer or "–")
        for each in requests
    ]
    headers = (_("Device"), _("Asked"), _("Status"), _("Answer"))
    return [table(_("Requests to cancel"), headers, rows)] if rows else []


def hits_panel(hold: Hold) -> Panel:
    """Why an order is held, rule by rule."""
    rows = [(explain(hit), hit["words"]) for hit in hold.hits]
    return table(_("Why it is held"), (_("What was found"), _("What to look at")), rows)


def judged_panels(hold: Hold) -> list[Panel]:
    """What a decision rests on: see `seen_of`."""
    return [hits_panel(hold), address_panel(hold.order, before=True)]


def hold_panels(order: Order) -> list[Panel]:
    """What became of an order's hold, and why there is one; none where there was none."""
    hold = Hold.objects.filter(order=order).first()
    if hold is None:
        return []
    status = link("desk", hold, hold.get_status_display())
    return [facts(_("Held"), [(_("Status"), status)]), hits_panel(hold)]


def parts_panel(line: OrderLine, *, plants: bool = False) -> list[Panel]:
    """What went back of it in part, and who bears that; no panel when nothing did. `plants`: told to its plant, with
    what of it is the plant's."""
    parts = list(line.parts.all())
    if not parts:
        return []
    states = {each.reference: each.get_status_display() for each in refunds_of_parts(parts)}
    rows = [
        (
            moment(part.created_at),
            money(part.amount),
            part.get_reason_display(),
            states.get(part.pk, ""),
            _("you do") if plants and part.borne_by == part.Bearer.PLANT else part.get_borne_by_display(),
            *([money(part.borne_by_plant)] if plants else []),
        )
        for part in parts
    ]
    headers = (_("Date"), _("Back to the customer"), _("Reason"), _("State"), _("Who bears it"), _("Of it, by you"))
    return [table(_("Refunded in part"), headers[: len(rows[0])], rows)]


def earned_panel(line: OrderLine, *, linked: bool) -> Panel:
    """What a line brings its plant, row by row: what is settled, and what is still due. `linked`: the reader may see
    settlements."""
    earned = list(line.earnings.select_related("settlement").order_by("created_at", "pk"))
    rows = [
        (moment(each.created_at), capfirst(each.get_kind_display()), money(each.amount), _paid_with(each, linked))
        for each in earned
    ]
    due = total((each.amount for each in earned if each.settlement is None), line.currency)
    if earned:
        rows.append(
            ("", *(format_html("<strong>{}</strong>", each) for each in (_("Still due to you"), money(due))), "")
        )
    headers = (_("Date"), _("What"), _("Amount"), _("Paid"))
    return table(_("What you earn"), headers, rows, empty=_expected(line))


def _paid_with(earning: Earning, linked: bool) -> Any:
    if earning.settlement is None:
        return _("due on %(day)s") % {"day": date_format(localtime(earning.due_at), "DATE_FORMAT")}
    return link("plant", earning.settlement, earning.settlement) if linked else str(earning.settlement)


def _expected(line: OrderLine) -> Any:
    """Of a line that has earned nothing."""
    if line.status in (OrderLine.Status.CANCELLED, OrderLine.Status.REFUNDED):
        return _("Nothing: its customer has the money back.")
    return _("%(amount)s, due %(days)s days after delivery.") % {
        "amount": money(line.proceeds),
        "days": OrderLine.PROCEEDS_DUE_AFTER_DAYS,
    }


def parcel_panel(parcel: Parcel | None, title: Any) -> Panel:
    if parcel is None:
        return table(title, (), [], empty=_("No parcel yet."))
    asked = _("the courier is being asked")
    number = tracking(parcel, css="btn btn--quiet") if parcel.tracking_number else asked
    pairs = ((_("Courier"), parcel.courier_name), (_("Number"), number), (_("State"), parcel.get_status_display()))
    return facts(title, pairs)


def talk_panel(claim: Claim, mine: str) -> Panel:
    words = [
        {
            "author": message.get_author_role_display(),
            "text": message.text,
            "at": message.created_at,
            "mine": message.author_role == mine,
        }
        for message in ClaimMessage.objects.filter(claim=claim)
    ]
    return conversation(_("Conversation"), words)


def statement_panels(site: str, made: Statement) -> list[Panel]:
    """To whom a settlement is paid, and of what it is made, row by row down to the sum."""
    rows = [
        (moment(row.at), row.title, _linked(row.url(site), row.detail), *(_amount(each) for each in row_sums(row)))
        for row in made.rows
    ]
    sums = [format_html("<strong>{}</strong>", each) for each in ("", _("Total"), "", *map(money, made.sums))]
    headers = (_("Date"), _("Kind"), _("About"), *AMOUNTS)
    made_of = table(_("What this settlement is made of"), headers, [*rows, sums] if rows else [])
    return [facts(_("This settlement"), settlement_facts(made)), made_of]


def _amount(amount: Money) -> str:
    return money(amount) if amount else ""


def settlement_csv(made: Statement) -> HttpResponseBase:
    """Of what a settlement is made, row by row; the last one is the sum, which is what is paid."""
    settlement = made.settlement
    ends = (settlement.currency, made.paid_to, made.paper_codes)
    rows = [
        (settlement.number, row.at, row.title, row.detail, *row_sums(row), *ends, _address(row.url()))
        for row in made.rows
    ]
    sums = (settlement.number, settlement.settled_date, _("Total"), "", *made.sums, *ends, "")
    headers = (
        _("Settlement"), _("Date"), _("Kind"), _("About"), *AMOUNTS, _("Currency"), _("Paid to"),
        _("Commission invoice"), _("Page"),
    )  # fmt: skip
    return csv_response(f"statement-{settlement.settled_date}", headers, [*rows, sums])


def _address(url: str) -> str:
    return f"{settings.SITE_URL}{url}" if url else ""


def account_panels(site: str, account: AccountStatement) -> list[Panel]:
    """The account in short, and line by line."""
    start = moment(account.start) if account.start else _("the beginning")
    pairs = (
        (_("From"), start),
        (_("Until"), moment(account.end)),
        (_("Opening balance"), money(account.opening)),
        (_("Closing balance"), money(account.closing)),
    )
    rows = [
        (moment(line.at), line.what, _linked(line.url(site), line.about), money(line.amount), money(line.balance))
        for line in account.lines
    ]
    headers = (_("Date"), _("What"), _("About"), _("Amount"), _("Balance"))
    lines = table(_("Line by line"), headers, rows, empty=_("Nothing moved in this time."))
    return [facts(_("Account with us"), pairs), lines]


def _linked(url: str, words: str) -> str:
    return format_html('<a href="{}">{}</a>', url, words) if url and words else words


def to_pay_panel(settlement: Settlement, owed: Money) -> Panel:
    """How a plant pays what it owes."""
    house = debtor()
    pairs: list[tuple[Any, Any]] = [(_("To be paid"), money(owed)), (_("Reference"), settlement.number)]
    pairs += [(_("To"), house.name), (_("IBAN"), house.iban), (_("BIC"), house.bic)] if house.iban else []
    hint = _("Your next sales pay for it by themselves. To pay now, transfer it and give the reference.")
    return facts(_("To be paid by you"), [*pairs, (_("How"), hint)])


def account_csv(name: str, account: AccountStatement) -> HttpResponseBase:
    headers = (_("Date"), _("What"), _("About"), _("Amount"), _("Balance"), _("Currency"), _("Page"))
    currency = account.opening.currency
    opening = [("", _("Opening balance"), "", "", account.opening, currency, "")]
    lines = [
        (
            line.at, line.what, line.about, line.amount, line.balance, currency, _address(line.url()),
        )
        for line in account.lines
    ]  # fmt: skip
    closing = [("", _("Closing balance"), "", "", account.closing, currency, "")]
    return csv_response(name, headers, [*opening, *lines, *closing])


def pdf(name: str, content: bytes) -> HttpResponse:
    disposition = {"Content-Disposition": f'inline; filename="{name}.pdf"'}
    return HttpResponse(content, content_type="application/pdf", headers=disposition)


def label_of(parcel: Parcel) -> HttpResponse:
    return pdf(f"label-{parcel}", label_pdf(parcel))


class RefundsMixin:
    def has_refund_permission(self, request: HttpRequest) -> bool:
        """Money back asks for the right to refund, besides that to change the row."""
        return self.has_act_permission(request) and request.user.has_perm("payments.add_refund")  # type: ignore[attr-defined,no-any-return]
