"""Collections at the desk: picked, put in order, looked at before the public does."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.widgets import UnfoldAdminTextareaWidget

from backmarket.admin.base import StaffDataAdmin
from backmarket.admin.columns import text_column
from backmarket.admin.forms import KnownRowSelect
from backmarket.admin.panels import Panel, table
from backmarket.sites import staff_site
from backmarket.templatetags.ui import grade_label, money
from backmarket.timetravel import now
from catalog.models import Collection, CollectionItem
from catalog.selectors.collections import shelf_of


class ItemsInline(TabularInline):  # type: ignore[misc]
    model = CollectionItem
    extra = 3
    autocomplete_fields = ("product", "variant")
    ordering_field = "position"
    fields = ("product", "variant", "grade", "words", "position")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("widget", KnownRowSelect(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(Collection, site=staff_site)
class CollectionAdmin(StaffDataAdmin):
    list_display = ("title", "slug", "position", "devices", "published_from", "published_until", "is_public")
    search_fields = ("title", "slug", "words")
    prepopulated_fields = {"slug": ("title",)}
    fields = ("title", "slug", "words", "published_from", "published_until", "position")
    inlines = (ItemsInline,)
    devices = text_column("item_count", _("devices"))

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "words":
            kwargs["widget"] = UnfoldAdminTextareaWidget
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Collection]:
        at = now()
        public = Q(published_from__lte=at) & (Q(published_until=None) | Q(published_until__gt=at))
        return super().get_queryset(request).annotate(item_count=Count("items"), public=public)

    @admin.display(description=_("public now"), boolean=True)
    def is_public(self, collection: Any) -> bool:
        return bool(collection.public)

    def view_on_site(self, collection: Collection) -> str:
        """The preview, which is there before and after the public page."""
        return reverse("collection-preview", args=[collection.slug])

    def panels(self, request: HttpRequest, obj: Collection) -> list[Panel]:
        rows = [
            (str(row), grade_label(row.grade), money(row.price), _("in stock") if row.in_stock else _("sold out"))
            for row in (pick.buyable for pick in shelf_of(obj).picks)
        ]
        title = _("What the public sees; a device that no plant ever offered is left out")
        return [table(title, (_("Device"), _("Grade"), _("Price"), _("Stock")), rows)]
