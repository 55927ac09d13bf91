"""What finance fills in."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from backmarket.admin.forms import StepForm
from backmarket.payments.reasons import HOUSE, PAYEE, words
from backmarket.payments.selectors import due_by_file
from backmarket.payments.status_reports import MOST_BYTES
from backmarket.timetravel import now

# Only what a bank's statement says of a transfer that came back; a provider reports its own codes itself.
BANKS_CODES = ("AC01", "AC04", "AC06", "AG01", "BE01", "CNOR", "MD07", "AM05", "CUST", "FRAD", "MS03", "RR04")


class MakeFileForm(StepForm):
    """Nothing to fill in: what is due now goes in."""

    def prepare(self) -> None:
        self.due = due_by_file(now())
        self.problems = [f"{payout.label or payout.pk}: {words(code)}" for payout, code in self.due.problems]


class UploadReportForm(StepForm):
    report = forms.FileField(
        label=_("The bank's file"),
        help_text=_("A status report (pain.002, version .03 or .10) as XML, at most 5 MB."),
        widget=forms.FileInput(attrs={"accept": ".xml,application/xml,text/xml"}),
    )

    def clean_report(self) -> UploadedFile:
        given: UploadedFile = self.cleaned_data["report"]
        if given.size is not None and given.size > MOST_BYTES:
            raise forms.ValidationError(_("This file is larger than 5 MB: a bank's status report never is."))
        return given


class ReturnForm(StepForm):
    reason = forms.ChoiceField(label=_("What the bank says"))

    def prepare(self) -> None:
        words: dict[str, Any] = {**PAYEE, **HOUSE}
        field: Any = self.fields["reason"]
        field.choices = [("", _("Choose a reason")), *((code, f"{code}: {words[code]}") for code in BANKS_CODES)]
