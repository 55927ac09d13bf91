"""What plants and support fill in about orders and claims."""

import uuid
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from backmarket.admin.forms import StepForm
from backmarket.admin.panels import Panel
from backmarket.forms import MoneyField
from backmarket.shipping.names import COURIERS
from backmarket.templatetags.ui import money
from catalog.models import Category
from orders.admin.parts import judged_panels
from orders.models import Claim, Hold, PartRefund
from orders.selectors import ready_devices
from orders.services.claims import Outcome
from orders.services.disputes import order_of, untracked_plants
from orders.services.holds import HoldChanged, seen_of
from orders.statements import still_owed

OWN_COURIERS = [("", _("The house courier collects it")), *((code, name) for code, (name, _url) in COURIERS.items())]


class CourierForm(StepForm):
    courier = forms.ChoiceField(label=_("Courier"), choices=OWN_COURIERS, required=False)
    tracking_number = forms.CharField(
        label=_("Tracking number"), max_length=40, required=False, help_text=_("Only with your own courier.")
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and bool(data.get("courier")) != bool(data.get("tracking_number")):
            self.add_error("tracking_number", _("Give both the courier and its tracking number, or neither."))
        return data


class ShipForm(CourierForm):
    """One field per device, named by its line: its refusal finds it. `ready` tells a scanner whose number it reads.

    What is missing or does not fit the service says, together with everything else that is wrong.
    """

    field_order = ("courier", "tracking_number")

    def prepare(self) -> None:
        self.lines = list(self.subject.lines.to_ship().select_related("listing__variant__product__category"))
        for line in self.lines:
            asks_imei = line.listing.variant.product.category.identifier == Category.Identifier.IMEI
            self.fields[str(line.pk)] = forms.CharField(
                label=_("IMEI of %s") % line.title if asks_imei else _("Serial number of %s") % line.title,
                max_length=40,
                required=False,
                help_text=_("It cannot be changed once registered."),
                widget=forms.TextInput(
                    attrs={
                        "inputmode": "numeric" if asks_imei else "text",
                        "autocomplete": "off",
                        "data-number": "imei" if asks_imei else "serial",
                    }
                ),
            )
        self.order_fields([str(line.pk) for line in self.lines])
        self.ready = ready_devices(self.lines)

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        data["identifiers"] = {line.pk: data.get(str(line.pk), "") for line in self.lines}
        return data


class RefuseLineForm(StepForm):
    reason = forms.ChoiceField(
        label=_("Reason"),
        choices=[
            ("out_of_stock", _("not in stock any more")),
            ("defect_found", _("a defect was found before sending")),
            ("wrong_price", _("the price was a mistake")),
            ("address", _("the address cannot be served")),
        ],
        widget=forms.RadioSelect,
    )


class AnswerForm(StepForm):
    answer = forms.CharField(label=_("Why, for the customer"), max_length=500, widget=forms.Textarea(attrs={"rows": 4}))


class MessageForm(StepForm):
    text = forms.CharField(label=_("Message"), max_length=2000, widget=forms.Textarea(attrs={"rows": 5}))


class RefuseClaimForm(StepForm):
    problem = forms.ChoiceField(label=_("Reason"), choices=Claim.Problem.choices)
    comment = forms.CharField(
        label=_("What the customer reads"), max_length=1500, widget=forms.Textarea(attrs={"rows": 5})
    )
    evidence = forms.CharField(
        label=_("Evidence"),
        max_length=400,
        required=False,
        help_text=_("The photo or report, for damage in transit and ended guarantees."),
    )


class ReplacementForm(CourierForm):
    """The other device's field is named by the line, as ShipForm's are: its refusal finds it."""

    def prepare(self) -> None:
        self.line = str(self.subject.line_id)
        self.fields[self.line] = forms.CharField(label=_("IMEI or serial of the other device"), max_length=40)
        self.order_fields([self.line])

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        data["identifier"] = data.pop(self.line, "")
        return data


class DecisionForm(StepForm):
    outcome = forms.ChoiceField(label=_("Decision"), choices=Outcome.choices, widget=forms.RadioSelect)
    comment = forms.CharField(label=_("Why, for both sides"), max_length=2000, widget=forms.Textarea(attrs={"rows": 5}))

    def prepare(self) -> None:
        self.fields["outcome"].help_text = _("A refund gives %(rest)s back.") % {"rest": money(self.subject.line.rest)}


class SeenField(forms.CharField):
    """Hidden; goes out as it is now, also on a page shown again: whoever reads that has the news before them."""

    widget = forms.HiddenInput

    def bound_data(self, data: Any, initial: Any) -> Any:
        return initial


class HoldForm(StepForm):
    """A decision on a held order, for what the page shows of it and nothing else."""

    seen = SeenField(required=False)

    def prepare(self) -> None:
        self.fields["seen"].initial = seen_of(self.subject)

    def about(self) -> list[Panel]:
        return judged_panels(self.subject)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("seen") != self.fields["seen"].initial:
            self.add_error(None, str(HoldChanged()))
        return data


class RefuseHoldForm(HoldForm):
    reason = forms.ChoiceField(label=_("Reason"), choices=Hold.Reason.choices, widget=forms.RadioSelect)
    note = forms.CharField(
        label=_("Note"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For the desk alone: the buyer reads that we could not take the order."),
    )


class RefundForm(StepForm):
    reason = forms.ChoiceField(
        label=_("Reason"),
        choices=[
            ("goodwill", _("goodwill")),
            ("defect", _("defect")),
            ("not_received", _("never received")),
            ("late", _("too late")),
            ("mistake", _("mistake of ours")),
        ],
    )


class RefundPartForm(StepForm):
    amount = MoneyField(label=_("Amount"))
    reason = forms.ChoiceField(label=_("Reason"), choices=PartRefund.BY_PEOPLE)
    borne_by = forms.ChoiceField(label=_("Who bears it"), choices=PartRefund.Bearer.choices, widget=forms.RadioSelect)
    # Sent twice, or agreed to by somebody else, it is the same refund.
    key = forms.UUIDField(initial=uuid.uuid4, widget=forms.HiddenInput)

    def prepare(self) -> None:
        self.fields["amount"].help_text = _("Less than the %(rest)s that are left of it.") % {
            "rest": money(self.subject.rest)
        }


class ReceiveTransferForm(StepForm):
    amount = MoneyField(label=_("Amount"))
    bank_reference = forms.CharField(
        label=_("The bank's reference"),
        max_length=35,
        help_text=_("Of the transfer, as our bank's statement gives it: one transfer is recorded once."),
    )

    def prepare(self) -> None:
        self.fields["amount"].initial = still_owed(self.subject.plant, self.subject.currency)


class AnswerDisputeForm(StepForm):
    note = forms.CharField(
        label=_("What you add"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("What happened, in plain words. The papers and numbers are added by themselves."),
    )


class BearDisputeForm(StepForm):
    """Proposed is the house, unless the order is one plant's that cannot prove to have sent it."""

    HOUSE = "house"
    bearer = forms.ChoiceField(label=_("Who bears it"), widget=forms.RadioSelect)
    reason = forms.CharField(label=_("Why"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))

    def prepare(self) -> None:
        order, field = order_of(self.subject), cast(Any, self.fields["bearer"])
        plants = [each.plant for each in order.consignments.select_related("plant").order_by("pk")] if order else []
        field.choices = [(self.HOUSE, _("The house")), *((str(plant.pk), plant.name) for plant in plants)]
        at_fault = untracked_plants(self.subject)
        field.initial = str(at_fault[0].pk) if len(at_fault) == 1 else self.HOUSE
