"""A plant's bids: each on its own, listed, paused and with its history."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from backmarket.admin.base import WORKSHOP, PlantModelAdmin, own_plant
from backmarket.admin.columns import money_column, text_column
from backmarket.admin.panels import Panel, history
from backmarket.admin.piles import Pile
from backmarket.admin.steps import Step
from backmarket.money import Money
from backmarket.sites import plant_site
from backmarket.timetravel import now
from buyback.admin.bid_pages import BidTableMixin
from buyback.admin.forms import BidForm
from buyback.models import Bid
from buyback.services.bids import change_bid, place_bid


class RowForm(forms.ModelForm):  # type: ignore[type-arg]
    """A bid edited in its list; what was shown is compared with what was typed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.show_hidden_initial = True
            field.widget.attrs["aria-label"] = field.label


@admin.register(Bid, site=plant_site)
class OwnBidAdmin(BidTableMixin, PlantModelAdmin):
    readers = WORKSHOP
    list_display = ("device", "condition", "price_minor", "active", "updated_at")
    list_editable = ("price_minor", "active")
    list_filter = ("active", "condition")
    search_fields = ("variant__sku", "variant__label", "variant__product__name", "variant__product__brand")
    money_fields = ("price_minor",)
    fields = ("device", "condition", "price_shown", "active", "updated_at")
    readonly_fields = fields
    ordering = ("variant__product__name", "variant_id", "-price_minor")
    piles = (Pile("active", _("Active"), Q(active=True)), Pile("off", _("Switched off"), Q(active=False)))
    actions = ("switch_on", "switch_off")
    device = text_column("variant.__str__", _("device"), ordering="variant__product__name")
    price_shown = money_column("price", _("price"))
    export_columns = (
        (_("SKU"), "variant.sku"), (_("Device"), "variant.__str__"), (_("Condition"), "condition"),
        (_("Price"), "price"), (_("Currency"), "currency"), (_("Active"), "active"),
    )  # fmt: skip
    adding = Step(
        name="add",
        title=_("Add a bid"),
        form=BidForm,
        run=lambda request, _none, data: place_bid(
            own_plant(request), data.pop("variant"), **data, by=request.user, at=now()
        ),
    )

    def name_of(self, obj: Any) -> str:
        return str(obj.variant)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Bid]:
        return super().get_queryset(request).select_related("variant__product")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_act_permission(request)

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> type[forms.ModelForm]:  # type: ignore[type-arg]
        return super().get_changelist_form(request, form=RowForm, **kwargs)

    def save_model(self, request: HttpRequest, obj: Bid, form: Any, change: bool) -> None:
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        if "price_minor" in changes:
            changes["price"] = Money(changes.pop("price_minor"), obj.currency)
        if changes:
            change_bid(Bid.objects.get(pk=obj.pk), by=request.user, at=now(), **changes)

    @admin.action(description=_("Switch on"), permissions=["act"])
    def switch_on(self, request: HttpRequest, rows: QuerySet[Bid]) -> None:
        self.each(request, rows, lambda bid: change_bid(bid, active=True, by=request.user, at=now()))

    @admin.action(description=_("Switch off"), permissions=["act"])
    def switch_off(self, request: HttpRequest, rows: QuerySet[Bid]) -> None:
        self.each(request, rows, lambda bid: change_bid(bid, active=False, by=request.user, at=now()))

    def panels(self, request: HttpRequest, obj: Bid) -> list[Panel]:
        return [history(obj)]
