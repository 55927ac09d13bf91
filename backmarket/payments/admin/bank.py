"""Files for the bank and its reports: made, handed over, read and applied by those who may pay."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from backmarket.admin.base import StaffModelAdmin
from backmarket.admin.columns import NOTHING, TONE_OF, money_column, state_column, text_column
from backmarket.admin.panels import Panel, facts, history, table
from backmarket.admin.piles import Pile
from backmarket.admin.steps import Step
from backmarket.payments.admin.forms import CopyForm, MakeFileForm, SecondLookForm, UploadReportForm
from backmarket.payments.gateways.sandbox_bank import answer_file
from backmarket.payments.models import BankReport, Payout, PayoutFile
from backmarket.payments.reasons import words
from backmarket.payments.services import (
    apply_bank_report,
    download_payout_file,
    hand_payout_file,
    keep_bank_report,
    last_download,
    make_payout_file,
    preview_report,
    settle_payout_file,
    withdraw_payout_file,
)
from backmarket.payments.services.bank_reports import (
    APPLIED,
    ON_ITS_WAY,
    PROBLEMS,
    REFUSED,
    SETTLED,
    ReportRow,
    Verdict,
)
from backmarket.payments.status_reports import UnreadableReport, Word
from backmarket.sites import staff_site
from backmarket.templatetags.ui import money
from backmarket.timetravel import now

MADE, HANDED, WITHDRAWN = PayoutFile.Status
VERDICTS = {
    Verdict.PAID: _("becomes: on the account"),
    Verdict.BOUNCED: _("becomes: returned; the money is owed again"),
    Verdict.STAYS: _("stays on its way"),
    Verdict.NO_CHANGE: _("no change: it was settled before"),
    Verdict.UNKNOWN: _("not applied: no payout of this file has this id"),
    Verdict.OTHER_AMOUNT: _("not applied: the amount is another one than ours"),
    Verdict.NOT_SENT: _("not applied: the file was never marked as handed to the bank"),
    Verdict.TWICE: _("not applied: the report names it twice"),
    Verdict.NOT_UNDERSTOOD: _("not applied: we do not know this status"),
    Verdict.HAD_ALREADY: _("not applied: the bank has this transfer from an earlier file; look there"),
}
SAID = {
    **dict.fromkeys(SETTLED, _("settled")),
    **dict.fromkeys(REFUSED, _("refused")),
    **dict.fromkeys(ON_ITS_WAY, _("accepted, not settled yet")),
}
DONE = VERDICTS | {
    Verdict.PAID: _("became: on the account"),
    Verdict.BOUNCED: _("became: returned; the money is owed again"),
    Verdict.STAYS: _("stayed on its way"),
}


def xml(name: str, content: str | bytes) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}.xml"', "Cache-Control": "no-store"}
    return HttpResponse(content, content_type="application/xml; charset=utf-8", headers=headers)


def link(obj: Any, label: Any) -> str:
    name = f"desk:{obj._meta.app_label}_{obj._meta.model_name}_change"
    return format_html('<a href="{}">{}</a>', reverse(name, args=[obj.pk]), label)


def payout_row(payout: Payout) -> tuple[Any, ...]:
    tone = TONE_OF.get(payout.status, "plain")
    state = format_html('<span class="tag tag--{}">{}</span>', tone, payout.get_status_display())
    name = payout.label or payout.pk.hex[:8]
    return link(payout, name), money(payout.amount), f"…{payout.iban_last4}", state, words(payout.failure) or NOTHING


def _has_text(made: PayoutFile) -> bool:
    return made.status != WITHDRAWN and made.erased_at is None


def _download(request: HttpRequest, made: PayoutFile, data: dict[str, Any]) -> HttpResponse:
    return xml(made.message_id, download_payout_file(made, by=request.user, at=now()))  # type: ignore[arg-type]


@admin.register(PayoutFile, site=staff_site)
class PayoutFileAdmin(StaffModelAdmin):
    list_display = ("message_id", "shown_status", "transfers", "total_shown", "execution_date", "maker", "created_at")
    list_select_related = ("made_by",)
    list_filter = ("status",)
    search_fields = ("message_id", "items__payout__label")
    fields = (
        "message_id", "shown_status", "transfers", "total_shown", "execution_date", "maker", "created_at",
        "handed_at", "withdrawn_at", "erased_at",
    )  # fmt: skip
    shown_status = state_column()
    total_shown = money_column("total", _("total"), ordering="total_minor")
    maker = text_column("made_by", _("made by"))
    piles = (
        Pile("made", _("To be handed to the bank"), Q(status=MADE)),
        Pile("handed", _("With the bank"), Q(status=HANDED)),
    )
    adding = Step(
        name="make",
        title=_("Make a file of what is due"),
        icon="note_add",
        tone="primary",
        form=MakeFileForm,
        template="admin/make_payout_file.html",
        done=_("Made. Download it, give it to the bank, and say here that the bank has it."),
        run=lambda request, _none, data: make_payout_file(by=request.user, at=now()),
    )
    steps = (
        Step(
            name="download",
            title=_("Download the file"),
            icon="download",
            tone="primary",
            when=lambda made: _has_text(made) and last_download(made) is None,
            run=_download,
        ),
        Step(
            name="again",
            title=_("Download it again"),
            icon="download",
            form=CopyForm,
            explain=_("A bank that gets two copies may pay both. To look at what is in it, read the list instead."),
            when=lambda made: _has_text(made) and last_download(made) is not None,
            run=_download,
        ),
        Step(
            name="hand",
            title=_("The bank has it"),
            icon="account_balance",
            asks=True,
            explain=_("Say so once the bank has taken the file: its payouts are then on their way for good."),
            when=lambda made: made.status == MADE,
            run=lambda request, made, data: hand_payout_file(made, by=request.user, at=now()),
        ),
        Step(
            name="withdraw",
            title=_("Withdraw"),
            icon="undo",
            tone="danger",
            form=SecondLookForm,
            asks=True,
            explain=_(
                "Only if the bank has not got this file, and never will: its payouts go into the next one. Delete the"
                " copies that were downloaded, or they would be paid twice."
            ),
            when=lambda made: made.status == MADE,
            run=lambda request, made, data: withdraw_payout_file(made, by=request.user, at=now(), **data),
        ),
        Step(
            name="settle",
            title=_("Mark the rest as paid"),
            icon="done_all",
            asks=True,
            explain=_(
                "For banks that report only what they refuse. When the bank's statement shows the whole sum, every"
                " payout of this file that no report has sent back is on its account."
            ),
            when=lambda made: made.status == HANDED and made.items.filter(payout__status=Payout.Status.SENT).exists(),
            run=lambda request, made, data: settle_payout_file(made, by=request.user, at=now()),
        ),
        Step(
            name="answer",
            title=_("Sandbox: what the bank answers"),
            icon="smart_toy",
            when=lambda made: settings.ALLOW_SANDBOX and made.status == HANDED and made.erased_at is None,
            run=lambda request, made, data: xml(f"{made.message_id}-answer", answer_file(made, at=now())),
        ),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[PayoutFile]:
        return super().get_queryset(request).defer("content")

    def panels(self, request: HttpRequest, obj: PayoutFile) -> list[Panel]:
        payouts = Payout.objects.filter(file_items__file=obj).defer("holder", "iban").order_by("label", "pk")
        headers = (_("Payout"), _("Amount"), _("Account"), _("Status"), _("Reason"))
        reports = [
            (link(report, report), report.created_at, report.applied_at or NOTHING) for report in obj.reports.all()
        ]
        return [
            table(_("Transfers in this file"), headers, [payout_row(payout) for payout in payouts]),
            table(_("What the bank answered"), (_("Report"), _("Read"), _("Applied")), reports),
            history(obj, names=True),
        ]


def _keep(request: HttpRequest, _none: Any, data: dict[str, Any]) -> BankReport:
    try:
        return keep_bank_report(data["report"].read(), by=request.user, at=now())  # type: ignore[arg-type]
    except UnreadableReport as refusal:
        refusal.field = "report"
        raise


def _read(report: BankReport) -> Any:
    if report.applied_at is not None:
        return _("This report had been read and applied before: nothing changes. Below is what it did.")
    return _("Read. Below is what applying it would do.")


@admin.register(BankReport, site=staff_site)
class BankReportAdmin(StaffModelAdmin):
    list_display = ("message_id", "about", "reader", "created_at", "applied_at")
    list_select_related = ("file", "read_by")
    search_fields = ("message_id", "file__message_id")
    fields = ("message_id", "about", "reader", "created_at", "applied_at", "erased_at")
    reader = text_column("read_by", _("read by"))
    about = text_column("file.message_id", _("about the file"))
    piles = (
        Pile("open", _("To be applied"), Q(applied_at=None, erased_at=None)),
        Pile("applied", _("Applied"), Q(applied_at__isnull=False)),
    )
    adding = Step(
        name="upload",
        title=_("Read a bank's report"),
        icon="upload_file",
        tone="primary",
        form=UploadReportForm,
        explain=_("Nothing changes yet: the next page shows what the report would do, row by row."),
        done=_read,
        run=_keep,
    )
    steps = (
        Step(
            name="apply",
            title=_("Apply"),
            icon="check",
            tone="primary",
            asks=True,
            explain=_("What the list says is done at once, and only once. Rows with a problem are left as they are."),
            done=_("Applied."),
            when=lambda report: report.applied_at is None and report.erased_at is None,
            run=lambda request, report, data: apply_bank_report(report, by=request.user, at=now()),
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[BankReport]:
        return super().get_queryset(request).defer("content")

    def panels(self, request: HttpRequest, obj: BankReport) -> list[Panel]:
        rows, said = _rows(obj)
        headers = (_("Payout"), _("What it does"), _("Amount"), _("Account"), _("What the bank says"))
        title = _("What applying it did") if obj.applied_at else _("What applying it would do")
        lines = [_cells(row, said) for row in rows]
        return [_summary(rows), table(title, headers, lines), history(obj, names=True)]


def _rows(report: BankReport) -> tuple[list[ReportRow], dict[Verdict, Any]]:
    """What it would do; once applied, what it did."""
    if report.applied_at is None:
        return preview_report(report), VERDICTS
    payouts = {item.payout_id.hex: item.payout for item in report.file.items.select_related("payout")}
    kept = [
        ReportRow(name, Word(status, reason), payouts.get(name.lower().replace("-", "")), Verdict(verdict))
        for name, status, reason, verdict in report.rows
    ]
    return kept, DONE


def _summary(rows: list[ReportRow]) -> Panel:
    paid, bounced, problems = (
        sum(row.verdict in verdicts for row in rows) for verdicts in ((APPLIED[0],), (APPLIED[1],), PROBLEMS)
    )
    quiet = len(rows) - paid - bounced - problems
    pairs = (
        (_("On the account"), ngettext("%d payout", "%d payouts", paid) % paid),
        (_("Returned"), ngettext("%d payout", "%d payouts", bounced) % bounced),
        (_("No change"), ngettext("%d row", "%d rows", quiet) % quiet),
        (_("With a problem, not applied"), ngettext("%d row", "%d rows", problems) % problems),
    )
    return facts(_("In short"), pairs)


def _cells(row: ReportRow, said: dict[Verdict, Any]) -> tuple[Any, ...]:
    verdict, word = _verdict(row, said), _bank_word(row.word)
    if row.payout is None:
        return row.end_to_end_id, verdict, NOTHING, NOTHING, word
    name = row.payout.label or row.payout.pk.hex[:8]
    return link(row.payout, name), verdict, money(row.payout.amount), f"…{row.payout.iban_last4}", word


def _bank_word(word: Word) -> str:
    status = gettext("%(words)s (%(code)s)") % {"words": SAID.get(word.status, _("unknown")), "code": word.status}
    return f"{status}: {words(word.reason)}" if word.reason else status


def _verdict(row: ReportRow, said: dict[Verdict, Any]) -> Any:
    tones = {Verdict.PAID: "success", Verdict.BOUNCED: "warning"} | dict.fromkeys(PROBLEMS, "danger")
    tone = tones.get(row.verdict, "plain")
    text = said.get(row.verdict) or gettext("no change")
    return format_html('<span class="tag tag--{} tag--wraps">{}</span>', tone, text)
