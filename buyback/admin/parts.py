"""Columns and panels of trades that the desk and the plants share."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backmarket.admin.columns import NOTHING, deadline_column, money_column, state_column, text_column
from backmarket.admin.panels import Panel, conversation, facts, table
from backmarket.admin.steps import Step
from backmarket.templatetags.ui import grade_label, money
from backmarket.timetravel import now
from buyback.guides import Suspension
from buyback.models import Quote, Trade
from buyback.services.parcels import send_back_again
from catalog.grading import condition_limits, grade_limits

SEND_AGAIN = Step(
    name="send-again",
    title=_("Send it back again"),
    icon="local_shipping",
    tone="primary",
    asks=True,
    explain=_(
        "The courier brought the device back to the plant. Write to the seller first: the new parcel goes to the same "
        "address, free, unless the seller corrects it. Without this it is sent again after 14 days, three times in all."
    ),
    when=lambda trade: trade.status == Trade.Status.UNDELIVERED,
    run=lambda request, trade, data: send_back_again(trade, by=request.user, at=now()),
    done=_("The courier is asked for a new label."),
)


class TradeColumns:
    """What both sites show of a trade, and the address at which a report of it is read as it came."""

    shown_status = state_column()
    deadline_shown = deadline_column()
    device = text_column("variant.__str__", _("device"), ordering="variant__product__name")
    quoted_shown = money_column("quoted", _("quoted"), ordering="quoted_minor")
    price_shown = money_column("price", _("to be paid"), ordering="price_minor")

    @admin.display(description=_("reason of the suspension"))
    def suspension_shown(self, trade: Trade) -> str:
        """In words; kept in a trade that went on afterwards."""
        return str(Suspension(trade.suspension).label).capitalize() if trade.suspension else NOTHING

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.report_view)  # type: ignore[attr-defined]
        return [
            path("<path:object_id>/report/<uuid:report>/", view, name="buyback_trade_report"),
            *super().get_urls(),  # type: ignore[misc]
        ]

    def report_view(self, request: HttpRequest, object_id: str, report: UUID) -> HttpResponse:
        """Plain text and a download: whatever a report holds, no browser runs it."""
        trade = self.own_or_404(request, object_id)  # type: ignore[attr-defined]
        kept = get_object_or_404(trade.reports, pk=report)
        headers = {"Content-Disposition": f'attachment; filename="report-{trade}.txt"'}
        return HttpResponse(kept.raw, content_type="text/plain; charset=utf-8", headers=headers)


def answer_words(quote: Quote) -> dict[str, str]:
    """What the seller answered, in the reader's words: question code → answer."""
    said = {}
    for question in quote.question_set.questions:
        texts = {option["code"]: option["text"] for option in question["options"]}
        answer = quote.answers.get(question["code"])
        said[question["code"]] = gettext(texts[answer]) if answer in texts else "–"
    return said


def answers_panel(trade: Trade) -> Panel:
    """What the seller said, question by question."""
    said = answer_words(trade.quote)
    rows = [(gettext(question["text"]), said[question["code"]]) for question in trade.quote.question_set.questions]
    return table(_("What the seller said"), (_("Question"), _("Answer")), rows)


def verdict_panel(trade: Trade) -> Panel:
    """What was found, why it is the grade and the condition it is, and where the seller said otherwise."""
    inspection = getattr(trade, "inspection", None)
    if inspection is None:
        return table(_("Inspection"), (), [], empty=_("Not inspected yet."))
    if inspection.graded_at is None:
        return table(_("Inspection"), (), [], empty=_("The sheet is being graded: reload in a moment."))
    findings = [_finding(finding) for finding in inspection.verdict.get("checks", [])]
    asked = {question["code"]: gettext(question["text"]) for question in trade.quote.question_set.questions}
    said = answer_words(trade.quote)
    context = {
        "inspection": inspection,
        "declared": trade.get_condition_display(),
        "grade": grade_label(inspection.grade_reachable) if inspection.grade_reachable else "",
        "grade_limits": grade_limits(findings),
        "condition_limits": condition_limits(findings),
        "disputes": [
            {**finding, "asked": asked.get(finding["question"], ""), "answer": said.get(finding["question"], "")}
            for finding in findings
            if not finding["agrees"]
        ],
        "findings": findings,
        "note": inspection.note,
    }
    return Panel(_("Inspection"), "admin/panels/verdict.html", context)


def _finding(finding: dict[str, Any]) -> dict[str, Any]:
    """A check of the verdict in the reader's words."""
    words = {"text": gettext(finding["text"]), "found": gettext(finding["outcome"]) or finding["value"]}
    return {**finding, **words, "allows": grade_label(finding["grade"] or "")}


def reports_panel(trade: Trade) -> list[Panel]:
    """The diagnostics reports as they came; each can be read in full."""
    rows = [
        {
            "name": str(report),
            "ran_at": report.ran_at,
            "uploaded_at": report.uploaded_at,
            "values": len(report.values),
            "problems": len(report.problems),
            "pk": report.pk,
        }
        for report in trade.reports.defer("raw")
    ]
    return [Panel(_("Diagnostics reports"), "admin/panels/reports.html", {"reports": rows})] if rows else []


def photos_panel(trade: Trade) -> list[Panel]:
    photos = [
        {"url": reverse("trade-photo", args=[trade.pk, photo.pk]), "proof": photo.proof}
        for photo in trade.photos.order_by("created_at", "pk")
    ]
    return [Panel(_("Photos"), "admin/panels/photos.html", {"photos": photos})] if photos else []


def talk_panel(trade: Trade, *, plants_side: bool) -> Panel:
    sides = {True: _("plant"), False: _("seller")}
    words = [
        {
            "author": sides[message.from_plant],
            "text": message.text,
            "at": message.created_at,
            "mine": message.from_plant == plants_side,
            "photos": [reverse("trade-message-photo", args=[trade.pk, photo.pk]) for photo in message.photos.all()],
        }
        for message in trade.messages.prefetch_related("photos")
    ]
    return conversation(_("Messages"), words)


def offer_panel(trade: Trade) -> list[Panel]:
    offer = getattr(trade, "counter_offer", None)
    if offer is None:
        return []
    pairs = (
        (_("Price"), money(offer.price)),
        (_("Explanation"), offer.comment),
        (_("Answer"), offer.get_answer_display()),
    )
    return [facts(_("Counter-offer"), pairs)]


def registry_panel(quote: Quote) -> Panel:
    """What the registry of stolen devices answered, newest first; a refused device has no trade, so its quote tells."""
    checks = quote.registry_checks.all()
    rows = [(check.asked_at, check.identifier, check.get_finding_display()) for check in checks]
    return table(_("Stolen-device registry"), (_("Asked"), _("IMEI or serial"), _("Answer")), rows)
