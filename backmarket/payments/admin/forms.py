"""What finance fills in."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backmarket.admin.columns import moment
from backmarket.admin.forms import StepForm
from backmarket.admin.panels import who
from backmarket.forms import MoneyField
from backmarket.money import Money
from backmarket.payments.reasons import HOUSE, PAYEE, words
from backmarket.payments.selectors import due_by_file
from backmarket.payments.services import last_download
from backmarket.payments.services.reversals import CannotReverse
from backmarket.payments.status_reports import MOST_BYTES
from backmarket.timetravel import now

# Only what a bank's statement says of a transfer that came back; a provider reports its own codes itself.
BANKS_CODES = ("AC01", "AC04", "AC06", "AG01", "BE01", "CNOR", "MD07", "AM05", "CUST", "FRAD", "MS03", "RR04")


class MakeFileForm(StepForm):
    """Nothing to fill in: what is due now goes in."""

    def prepare(self) -> None:
        self.due = due_by_file(now())
        self.problems = [f"{payout.label or payout.pk}: {words(code)}" for payout, code in self.due.problems]


class RefundTransferForm(StepForm):
    bank_reference = forms.CharField(
        label=_("The bank's reference"),
        max_length=35,
        help_text=_("Of the transfer, as our bank's statement gives it: one transfer is recorded once."),
    )


class SecondLookForm(StepForm):
    """Whoever acts on a file that somebody downloaded is told so, and confirms what makes it safe."""

    sure = forms.BooleanField()
    label: Any = _("I have made sure that the bank has not got this file, and never will.")

    def prepare(self) -> None:
        downloaded = last_download(self.subject)
        if downloaded is None:
            del self.fields["sure"]
            return
        self.fields["sure"].label = self.label
        self.fields["sure"].help_text = gettext(
            "%(person)s downloaded it on %(day)s: it may already be at the bank, and would then be paid twice."
        ) % {"person": who(downloaded), "day": moment(downloaded.happened_at)}


class CopyForm(SecondLookForm):
    label = _("I do not give this copy to the bank if the bank has the first one.")


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


class ReverseForm(StepForm):
    amount = MoneyField(label=_("Amount"))
    note = forms.CharField(label=_("Why"), max_length=200)

    def prepare(self) -> None:
        payout = self.subject
        self.left = payout.amount - Money(payout.reversed_minor, payout.currency)
        self.fields["amount"].initial = self.left

    def clean_amount(self) -> Money:
        """Said before a second person is asked for more than there is."""
        amount: Money = self.cleaned_data["amount"]
        if amount > self.left:
            raise forms.ValidationError(CannotReverse.default_message)
        return amount


class ReturnForm(StepForm):
    reason = forms.ChoiceField(label=_("What the bank says"))

    def prepare(self) -> None:
        words: dict[str, Any] = {**PAYEE, **HOUSE}
        field: Any = self.fields["reason"]
        field.choices = [("", _("Choose a reason")), *((code, f"{code}: {words[code]}") for code in BANKS_CODES)]
