"""A plant's listings and units."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from backmarket.admin.base import (
    AFTER_SALES,
    EVERYBODY,
    WORKSHOP,
    PlantModelAdmin,
    own_plant,
)
from backmarket.admin.columns import text_column
from backmarket.admin.panels import Panel, history
from backmarket.admin.piles import Pile
from backmarket.admin.steps import Step
from backmarket.money import Money
from backmarket.sites import plant_site
from backmarket.timetravel import now
from catalog.admin.desk import (
    UNIT_FIELDS,
    ListingColumns,
    UnitColumns,
    missing_panel,
    passport_panel,
    prices_panel,
)
from catalog.admin.forms import EraseForm, ListingForm, ListingTermsForm, ListUnitForm, RepairForm, TestForm
from catalog.admin.listing_pages import ListingPagesMixin
from catalog.models import (
    Listing,
    Unit,
    Variant,
)
from catalog.passports import what_is_missing
from catalog.services.listings import (
    archive_listing,
    change_listing,
    create_listing,
    pause_listing,
    publish_listing,
)
from catalog.services.units import erase_unit, list_unit, record_test, recycle_unit, repair_unit

LOW_STOCK = 2
L, U = Listing.Status, Unit.Status


@admin.register(Variant, site=plant_site)
class CatalogueAdmin(PlantModelAdmin):
    """The catalogue belongs to everybody: here it serves searches, and is read."""

    plant_path = None
    readers = EVERYBODY
    list_display = ("sku", "product", "label", "colour")
    list_select_related = ("product",)
    search_fields = ("sku", "label", "product__name", "product__brand")
    fields = ("sku", "product_name", "label", "colour")
    product_name = text_column("product.__str__", _("product"))

    def has_act_permission(self, request: HttpRequest) -> bool:
        return False

    def panels(self, request: HttpRequest, obj: Variant) -> list[Panel]:
        return []


class RowForm(forms.ModelForm):  # type: ignore[type-arg]
    """A listing edited in its list. What was shown is compared, so that a sale meanwhile is not undone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.show_hidden_initial = True
            field.widget.attrs["aria-label"] = field.label

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        on_hand = data.get("on_hand")
        if "on_hand" in self.changed_data and on_hand is not None and on_hand < self.instance.reserved:
            self.add_error("on_hand", _("%d are being paid for right now.") % self.instance.reserved)
        if self.changed_data and self.instance.status == L.ARCHIVED:
            raise forms.ValidationError(_("An archived listing does not change any more."))
        return data


def _bulk(title: Any, service: Any) -> Any:
    @admin.action(description=title, permissions=["act"])
    def run(self: "OwnListingAdmin", request: HttpRequest, rows: QuerySet[Listing]) -> None:
        self.each(request, rows, lambda listing: service(listing, by=request.user, at=now()))

    return run


def _one(name: str, title: Any, icon: str, service: Any, to: str, **facts: Any) -> Step:
    return Step(
        name=name,
        title=title,
        icon=icon,
        when=lambda listing: to in Listing.MOVES.get(listing.status, set()) and listing.status != L.BLOCKED,
        run=lambda request, listing, data: service(listing, by=request.user, at=now()),
        **facts,
    )


@admin.register(Listing, site=plant_site)
class OwnListingAdmin(ListingPagesMixin, ListingColumns, PlantModelAdmin):
    readers = frozenset(WORKSHOP | AFTER_SALES)
    list_display = (
        "number",
        "device",
        "grade",
        "shown_status",
        "price_minor",
        "on_hand",
        "reserved",
        "available_shown",
    )
    list_display_links = ("number", "device")
    list_editable = ("price_minor", "on_hand")
    list_select_related = ("variant__product",)
    list_filter = ("status", "grade")
    search_fields = ("=number", "variant__sku", "variant__label", "variant__product__name", "variant__product__brand")
    money_fields = ("price_minor",)
    fields = (
        "number", "device", "grade", "shown_status", "price_shown", "shipping_shown", "on_hand", "reserved",
        "guarantee_months", "shipping_days", "vat_scheme", "new_battery", "comment", "online_at",
    )  # fmt: skip
    readonly_fields = fields
    actions = ("publish", "pause", "archive")
    piles = (
        Pile("online", _("Online"), Q(status=L.ONLINE)),
        Pile("low", _("Low stock"), Q(status=L.ONLINE, on_hand__lte=F("reserved") + LOW_STOCK)),
        Pile("draft", _("Drafts"), Q(status=L.DRAFT)),
        Pile("paused", _("Paused"), Q(status=L.PAUSED)),
        Pile("blocked", _("Blocked"), Q(status=L.BLOCKED)),
    )
    export_columns = (
        (_("Number"), "number"), (_("SKU"), "variant.sku"), (_("Device"), "variant.__str__"), (_("Grade"), "grade"),
        (_("Status"), "status"), (_("Price"), "price"), (_("Currency"), "currency"), (_("In stock"), "on_hand"),
        (_("Reserved"), "reserved"), (_("Guarantee, months"), "guarantee_months"), (_("Comment"), "comment"),
    )  # fmt: skip
    publish = _bulk(_("Publish"), publish_listing)
    pause = _bulk(_("Pause"), pause_listing)
    archive = _bulk(_("Archive"), archive_listing)
    adding = Step(
        name="add",
        title=_("Add a listing"),
        form=ListingForm,
        explain=_("It starts as a draft: publish it when it is right."),
        done=_("The draft is kept. Publish it to sell."),
        run=lambda request, _none, data: create_listing(
            own_plant(request), data.pop("variant"), **data, by=request.user, at=now()
        ),
    )
    steps = (
        _one("publish", _("Publish"), "visibility", publish_listing, L.ONLINE, tone="primary"),
        _one("pause", _("Pause"), "pause", pause_listing, L.PAUSED),
        Step(
            name="change",
            title=_("Change price, stock and terms"),
            icon="edit",
            form=ListingTermsForm,
            when=lambda listing: listing.status != L.ARCHIVED,
            run=lambda request, listing, data: change_listing(listing, by=request.user, at=now(), **data),
        ),
        _one("archive", _("Archive"), "archive", archive_listing, L.ARCHIVED, tone="danger", asks=True,
             explain=_("Closed for good: to sell this device again, add a new listing.")),
    )  # fmt: skip

    def name_of(self, obj: Any) -> str:
        return f"{obj.number} · {obj.variant}"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Listing]:
        return super().get_queryset(request).select_related("variant__product")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_act_permission(request)

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> type[forms.ModelForm]:  # type: ignore[type-arg]
        return super().get_changelist_form(request, form=RowForm, **kwargs)

    def save_model(self, request: HttpRequest, obj: Listing, form: Any, change: bool) -> None:
        """Only what was typed is changed, through the service; the rest of the row stays as the database has it."""
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        if "price_minor" in changes:
            changes["price"] = Money(changes.pop("price_minor"), obj.currency)
        if changes:
            change_listing(Listing.objects.get(pk=obj.pk), by=request.user, at=now(), **changes)

    def panels(self, request: HttpRequest, obj: Listing) -> list[Panel]:
        return [prices_panel(obj), history(obj)]


def in_workshop(unit: Unit) -> bool:
    return unit.status == U.IN_WORKSHOP


@admin.register(Unit, site=plant_site)
class OwnUnitAdmin(UnitColumns, PlantModelAdmin):
    roles = WORKSHOP
    list_display = ("identifier", "device", "shown_status", "grade", "erased_at", "tested_at", "created_at")
    list_select_related = ("variant__product",)
    list_filter = ("status", "grade")
    search_fields = ("identifier", "variant__sku", "variant__product__name")
    fields = UNIT_FIELDS
    piles = (
        Pile("to_erase", _("To erase"), Q(status=U.IN_WORKSHOP, erased_at=None)),
        Pile(
            "to_test",
            _("To test"),
            Q(status=U.IN_WORKSHOP, erased_at__isnull=False) & (Q(tested_at=None) | Q(repaired_at__gt=F("tested_at"))),
        ),
        Pile(
            "to_list",
            _("To list"),
            Q(status=U.IN_WORKSHOP, erased_at__isnull=False, tested_at__isnull=False)
            & (Q(repaired_at=None) | Q(repaired_at__lte=F("tested_at"))),
        ),
        Pile("ready", _("Ready"), Q(status=U.READY)),
        Pile("sold", _("Sold"), Q(status=U.SOLD)),
    )
    steps = (
        Step(
            name="erase",
            title=_("Note the erasure"),
            icon="delete_sweep",
            form=EraseForm,
            when=in_workshop,
            run=lambda request, unit, data: erase_unit(unit, **data, by=request.user, at=now()),
        ),
        Step(
            name="repair",
            title=_("Note a repair"),
            icon="build",
            form=RepairForm,
            when=in_workshop,
            done=_("Noted. Test the device again before listing it."),
            run=lambda request, unit, data: repair_unit(unit, **data, by=request.user, at=now()),
        ),
        Step(
            name="test",
            title=_("Note the test"),
            icon="fact_check",
            form=TestForm,
            when=in_workshop,
            run=lambda request, unit, data: record_test(unit, **data, by=request.user, at=now()),
        ),
        Step(
            name="list",
            title=_("Put into a listing"),
            icon="sell",
            tone="primary",
            form=ListUnitForm,
            when=lambda unit: in_workshop(unit) and not what_is_missing(unit),
            run=lambda request, unit, data: list_unit(unit, data["listing"], by=request.user, at=now()),
        ),
        Step(
            name="recycle",
            title=_("Recycle"),
            icon="recycling",
            tone="danger",
            asks=True,
            explain=_(
                "The device cannot be saved; its materials can. Note its erasure first: of what does not start, the "
                "memory is destroyed. This is final."
            ),
            when=in_workshop,
            run=lambda request, unit, data: recycle_unit(unit, by=request.user, at=now()),
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Unit]:
        return super().get_queryset(request).select_related("variant__product", "listing", "erased_by")

    def panels(self, request: HttpRequest, obj: Unit) -> list[Panel]:
        return [*missing_panel(obj), passport_panel(obj)]
