"""Columns and panels of trades that the desk and the plants share."""

from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from backmarket.admin.columns import deadline_column, money_column, state_column, text_column
from backmarket.admin.panels import Panel, conversation, facts, table
from backmarket.templatetags.ui import grade_label, money
from buyback.models import Trade


class TradeColumns:
    shown_status = state_column()
    deadline_shown = deadline_column()
    device = text_column("variant.__str__", _("device"), ordering="variant__product__name")
    quoted_shown = money_column("quoted", _("quoted"), ordering="quoted_minor")
    price_shown = money_column("price", _("to be paid"), ordering="price_minor")


def answers_panel(trade: Trade) -> Panel:
    """What the seller said, question by question."""
    rows = []
    for question in trade.quote.question_set.questions:
        texts = {option["code"]: option["text"] for option in question["options"]}
        said = trade.quote.answers.get(question["code"])
        rows.append((gettext(question["text"]), gettext(texts[said]) if said in texts else "–"))
    return table(_("What the seller said"), (_("Question"), _("Answer")), rows)


def verdict_panel(trade: Trade) -> Panel:
    """What was found, check by check, with the grade that each still allows."""
    inspection = getattr(trade, "inspection", None)
    if inspection is None:
        return table(_("Inspection"), (), [], empty=_("Not inspected yet."))
    if inspection.graded_at is None:
        return table(_("Inspection"), (), [], empty=_("The sheet is being graded: reload in a moment."))
    grade = grade_label(inspection.grade_reachable) if inspection.grade_reachable else gettext("none until repaired")
    disputed = ngettext("%d answer differs", "%d answers differ", len(inspection.verdict.get("defects", [])))
    title = _("Inspection: %(condition)s, grade %(grade)s, %(disputed)s") % {
        "condition": inspection.get_condition_found_display(),
        "grade": grade,
        "disputed": disputed % len(inspection.verdict.get("defects", [])),
    }
    rows = [
        (
            gettext(c["text"]),
            gettext(c["outcome"]) or c["value"],
            grade_label(c["grade"] or "") or "–",
            gettext("yes") if c["agrees"] else gettext("no"),
        )
        for c in inspection.verdict.get("checks", [])
    ]
    return table(title, (_("Check"), _("Found"), _("Allows"), _("As the seller said")), rows)


def photos_panel(trade: Trade) -> Panel:
    photos = [reverse("trade-photo", args=[trade.pk, photo.pk]) for photo in trade.photos.all()]
    return Panel(_("Photos"), "admin/panels/photos.html", {"photos": photos})


def talk_panel(trade: Trade, *, plants_side: bool) -> Panel:
    sides = {True: _("plant"), False: _("seller")}
    words = [
        {"author": sides[m.from_plant], "text": m.text, "at": m.created_at, "mine": m.from_plant == plants_side}
        for m in trade.messages.all()
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
    return [facts(_("Counter-offer"), pairs), photos_panel(trade)]
