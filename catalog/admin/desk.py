"""The catalogue at the desk, with listings to block and units to read."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.widgets import UnfoldAdminSelectWidget

from backmarket.admin.base import (
    StaffDataAdmin,
    StaffModelAdmin,
)
from backmarket.admin.columns import moment, money_column, state_column, text_column
from backmarket.admin.forms import MinorField
from backmarket.admin.panels import Panel, history, table
from backmarket.admin.steps import Step
from backmarket.money import Money
from backmarket.sites import staff_site
from backmarket.templatetags.ui import money
from backmarket.timetravel import now
from catalog.admin.forms import BlockForm
from catalog.drawing_forms import FORMS
from catalog.models import (
    Category,
    GradingSpecification,
    Listing,
    Product,
    QuestionSet,
    ReferencePrice,
    Unit,
    Variant,
)
from catalog.passports import names_of, passport, what_is_missing
from catalog.services.listings import (
    block_listing,
    unblock_listing,
)
from catalog.services.upkeep import category_changed, product_changed, texts_changed

L = Listing.Status


class VariantsInline(TabularInline):  # type: ignore[misc]
    model = Variant
    extra = 0
    show_change_link = True


class ReferencePricesInline(TabularInline):  # type: ignore[misc]
    model = ReferencePrice
    extra = 0

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "price_minor":
            return MinorField(label=_("price"))
        return super().formfield_for_dbfield(db_field, request, **kwargs)


class DrawnAdmin(StaffDataAdmin):
    """An address is chosen once: links lead to it, and the facets count by it. A drawing is one that we have."""

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "form":
            choices = [(form, form) for form in sorted(FORMS)]
            return forms.ChoiceField(label=db_field.verbose_name, choices=choices, widget=UnfoldAdminSelectWidget)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*super().get_readonly_fields(request, obj), *(["slug"] if obj else []))

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return {} if obj else super().get_prepopulated_fields(request, obj)


@admin.register(Category, site=staff_site)
class CategoryAdmin(DrawnAdmin):
    list_display = ("name", "slug", "form", "identifier", "position")
    search_fields = ("name", "slug")
    filter_horizontal = ("experts",)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        category_changed(form.instance)


@admin.register(Product, site=staff_site)
class ProductAdmin(DrawnAdmin):
    list_display = ("__str__", "category", "released_year", "form")
    list_select_related = ("category",)
    list_filter = ("category", "brand")
    search_fields = ("name", "brand", "nicknames", "slug")
    prepopulated_fields = {"slug": ("brand", "name")}
    inlines = (VariantsInline,)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        product_changed(form.instance)


@admin.register(Variant, site=staff_site)
class VariantAdmin(StaffDataAdmin):
    list_display = ("sku", "product", "label", "colour")
    list_select_related = ("product",)
    list_filter = ("product__category",)
    search_fields = ("sku", "label", "product__name", "product__brand")
    autocomplete_fields = ("product",)
    inlines = (ReferencePricesInline,)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        product_changed(form.instance.product)


@admin.register(ReferencePrice, site=staff_site)
class ReferencePriceAdmin(StaffDataAdmin):
    list_display = ("variant", "price_shown", "source", "source_date")
    list_select_related = ("variant__product",)
    search_fields = ("variant__sku", "variant__product__name", "source")
    autocomplete_fields = ("variant",)
    money_fields = ("price_minor",)
    price_shown = money_column("price", _("price"), ordering="price_minor")

    def save_model(self, request: HttpRequest, obj: ReferencePrice, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        product_changed(obj.variant.product)

    def delete_model(self, request: HttpRequest, obj: ReferencePrice) -> None:
        super().delete_model(request, obj)
        product_changed(obj.variant.product)


class VersionedAdmin(StaffDataAdmin):
    """Versions are added, never changed: quotes and inspections point to the one they were made with."""

    list_display = ("category", "version")
    list_select_related = ("category",)
    list_filter = ("category",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        texts_changed()


staff_site.register([QuestionSet, GradingSpecification], VersionedAdmin)


def prices_panel(listing: Listing) -> Panel:
    rows = [(moment(p.changed_at), money(Money(p.price_minor, p.currency))) for p in listing.price_changes.all()[:20]]
    return table(_("Price history"), (_("From"), _("Price")), rows)


class ListingColumns:
    """What both sites show of a listing."""

    shown_status = state_column()
    price_shown = money_column("price", _("price"), ordering="price_minor")
    shipping_shown = money_column("shipping", _("shipping"), ordering="shipping_minor")
    available_shown = text_column("available", _("can be sold"))
    device = text_column("variant.__str__", _("device"), ordering="variant__product__name")


@admin.register(Listing, site=staff_site)
class ListingAdmin(ListingColumns, StaffModelAdmin):
    list_display = ("number", "device", "grade", "plant", "shown_status", "price_shown", "on_hand", "reserved")
    list_select_related = ("variant__product", "plant")
    list_filter = ("status", "grade")
    search_fields = ("=number", "variant__sku", "variant__product__name", "plant__name")
    fields = (
        "number", "plant", "device", "grade", "shown_status", "price_shown", "shipping_shown", "on_hand", "reserved",
        "guarantee_months", "shipping_days", "vat_scheme", "comment", "online_at",
    )  # fmt: skip
    steps = (
        Step(
            name="block",
            title=_("Block"),
            icon="block",
            tone="danger",
            form=BlockForm,
            explain=_("The listing disappears from the shop; orders already paid go on."),
            when=lambda listing: L.BLOCKED in Listing.MOVES.get(listing.status, set()),
            run=lambda request, listing, data: block_listing(listing, **data, by=request.user, at=now()),
        ),
        Step(
            name="unblock",
            title=_("Lift the block"),
            icon="lock_open",
            asks=True,
            explain=_("The listing is paused; its plant may publish it again."),
            when=lambda listing: listing.status == L.BLOCKED,
            run=lambda request, listing, data: unblock_listing(listing, by=request.user, at=now()),
        ),
    )

    def name_of(self, obj: Any) -> str:
        return f"{obj.number} · {obj.variant}"

    def panels(self, request: HttpRequest, obj: Listing) -> list[Panel]:
        return [prices_panel(obj), history(obj, names=True)]


class UnitColumns:
    shown_status = state_column()
    device = text_column("variant.__str__", _("device"), ordering="variant__product__name")

    @admin.display(description=_("bought for"), ordering="purchase_minor")
    def bought_for(self, unit: Unit) -> str:
        return money(Money(unit.purchase_minor, unit.currency))

    @admin.display(description=_("parts changed"))
    def parts(self, unit: Unit) -> str:
        return ", ".join(unit.parts_changed) or "–"


def passport_panel(unit: Unit) -> Panel:
    """Erasures, parts and tests, each with who did it."""
    stamps = passport(unit)
    names = names_of(unit, stamps)
    items = [
        {
            "what": stamp.title,
            "detail": stamp.detail,
            "at": stamp.at,
            "who": names.get(stamp.by or 0, _("a person") if stamp.by else ""),
        }
        for stamp in stamps
    ]
    return Panel(_("Passport"), "admin/panels/timeline.html", {"items": items})


def missing_panel(unit: Unit) -> list[Panel]:
    missing = what_is_missing(unit) if unit.status == Unit.Status.IN_WORKSHOP else []
    return [Panel(_("Before it can be listed"), "admin/panels/missing.html", {"missing": missing})] if missing else []


UNIT_FIELDS = (
    "device", "identifier", "shown_status", "grade", "battery_percent", "vat_scheme", "bought_for", "listing",
    "erasure_standard", "erasure_tool", "erased_by", "erased_at", "parts", "repaired_at", "tested_at", "ready_at",
    "sold_at",
)  # fmt: skip


@admin.register(Unit, site=staff_site)
class UnitAdmin(UnitColumns, StaffModelAdmin):
    list_display = ("identifier", "device", "plant", "shown_status", "grade", "created_at")
    list_select_related = ("variant__product", "plant")
    list_filter = ("status", "grade")
    search_fields = ("identifier", "variant__sku", "variant__product__name", "plant__name")
    fields = ("plant", *UNIT_FIELDS)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Unit]:
        return super().get_queryset(request).select_related("variant__product", "plant", "listing", "erased_by")

    def panels(self, request: HttpRequest, obj: Unit) -> list[Panel]:
        return [*missing_panel(obj), passport_panel(obj)]
