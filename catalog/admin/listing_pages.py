"""A plant's pages for many listings: a file in, what it would change, how far it is, what came of each row."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from backmarket.admin.base import own_plant
from backmarket.admin.exports import csv_response
from backmarket.errors import DomainError
from backmarket.money import Money
from backmarket.tables import FileRefused
from backmarket.timetravel import now
from catalog.access import listing_change_for_plant
from catalog.admin.forms import ListingFileForm
from catalog.listing_files import MAX_BYTES, REASON, read_listing_file
from catalog.models import ListingChange, ListingChangeRow
from catalog.selectors.listing_changes import progress_of, recent_changes, rows_shown, standing
from catalog.services.listing_changes import draft_listing_change, start_listing_change, take_back_listing_change

SHOWN = 200
S = ListingChange.Status


class ListingPagesMixin:
    """Gives the screen of a plant's listings its pages for many of them."""

    def get_urls(self) -> list[URLPattern]:
        site: Any = self.admin_site  # type: ignore[attr-defined]
        pages = (
            ("import/", self.import_view, "listings_import"),
            ("changes/<uuid:pk>/", self.change_of_many_view, "listing_change"),
            ("changes/<uuid:pk>/rows/", self.rows_view, "listing_change_rows"),
        )
        return [*(path(route, site.admin_view(view), name=name) for route, view, name in pages), *super().get_urls()]  # type: ignore[misc]

    @property
    def actions_list(self) -> tuple[str, ...]:
        return ("import_csv", *super().actions_list)  # type: ignore[misc]

    @action(description=_("Import CSV"), url_path="to-import", permissions=["act"], icon="upload")  # type: ignore[untyped-decorator]
    def import_csv(self, request: HttpRequest) -> HttpResponseBase:
        return HttpResponseRedirect(reverse("plant:listings_import"))

    def import_view(self, request: HttpRequest) -> HttpResponseBase:
        """POST reads a file and shows what it would change; a broken file is refused beside the field."""
        self._may(request, act=True)
        form = ListingFileForm(request.POST, request.FILES) if request.method == "POST" else ListingFileForm()
        if form.is_bound and form.is_valid():
            try:
                change = _of_file(request, form.cleaned_data["file"])
                return HttpResponseRedirect(reverse("plant:listing_change", args=[change.pk]))
            except FileRefused as refusal:
                form.add_error("file", str(refusal))
        recent = recent_changes(own_plant(request))
        title, status = _("Change many listings"), 422 if form.errors else 200
        return self._listings_page(
            request, "admin/listings/import.html", title, status=status, form=form, recent=recent
        )

    def change_of_many_view(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        """GET shows a change and how far it is, POST starts it or takes it back."""
        self._may(request, act=request.method == "POST")
        change = listing_change_for_plant(request.user, pk)
        if request.method == "POST":
            try:
                return _act(request, change)
            except DomainError as refusal:
                messages.error(request, str(refusal))
            change.refresh_from_db()
        more = {"rows": [_words(row) for row in rows_shown(change, SHOWN)], "progress": progress_of(change)}
        status = 422 if request.method == "POST" else 200
        return self._listings_page(
            request, "admin/listings/change.html", _("Change of listings: %s") % change, status=status, change=change,
            expired=change.expires_at <= now(), undone=getattr(change, "undone_by", None), shown=SHOWN, **more,
        )  # fmt: skip

    def rows_view(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        """Every row with what came of it; before it is applied, the lines that were not understood: to be mended."""
        self._may(request, act=False)
        change = listing_change_for_plant(request.user, pk)
        if "broken" in request.GET:
            return csv_response("listings-to-mend", *_broken(change))
        titles = [_("Number"), _("SKU"), _("Grade"), _("Price before"), _("Price"), _("In stock before"),
                  _("In stock"), _("Result")]  # fmt: skip
        return csv_response("listings-changed", titles, map(_cells, rows_shown(change).iterator(chunk_size=500)))

    def _may(self, request: HttpRequest, *, act: bool) -> None:
        screen: Any = self
        if not (screen.has_act_permission(request) if act else screen.has_view_permission(request)):
            raise PermissionDenied

    def _listings_page(
        self, request: HttpRequest, template: str, title: Any, *, status: int, **more: Any
    ) -> HttpResponse:
        site: Any = self.admin_site  # type: ignore[attr-defined]
        request.current_app = site.name  # type: ignore[attr-defined]
        facts = {"title": title, "may_act": self.has_act_permission(request), "list_url": self.list_url()}  # type: ignore[attr-defined]
        return TemplateResponse(request, template, {**site.each_context(request), **facts, **more}, status=status)


def _of_file(request: HttpRequest, file: Any) -> ListingChange:
    plant = own_plant(request)
    read = read_listing_file(file.read(MAX_BYTES + 1), standing(plant))
    return draft_listing_change(
        plant, read.rows, made_by=request.user, at=now(), label=file.name[:120], unchanged=read.unchanged,
        broken={"header": read.header, "rows": read.broken, "lines": read.lines} if read.broken else {},
    )  # fmt: skip


def _act(request: HttpRequest, change: ListingChange) -> HttpResponse:
    if "take_back" in request.POST:
        change = take_back_listing_change(change, by=request.user, at=now())
        messages.success(request, gettext("Being taken back: this page says how far it is."))
    else:
        if change.broken and "leave_out" not in request.POST:
            raise DomainError(_("Choose first what happens to the lines that were not understood."))
        start_listing_change(change, by=request.user, at=now())
        messages.success(request, gettext("Being applied: this page says how far it is."))
    return HttpResponseRedirect(reverse("plant:listing_change", args=[change.pk]))


def _words(row: ListingChangeRow) -> dict[str, Any]:
    """How a row is told: its listing, its price and stock before and after, and what came of it."""
    currency = row.listing.currency
    price, was = Money(row.price_minor, currency), Money(row.price_was, currency)
    return {
        "listing": row.listing, "was": was, "price": price if price != was else None,
        "stock_was": row.on_hand_was, "stock": row.on_hand if row.on_hand != row.on_hand_was else None,
        "share": f"{(row.price_minor - row.price_was) * 100 / row.price_was:+.1f} %" if price != was else "",
        "outcome": row.get_outcome_display() if row.outcome else "", "good": row.outcome in ("", "changed"),
    }  # fmt: skip


def _cells(row: ListingChangeRow) -> list[Any]:
    listing = row.listing
    prices = Money(row.price_was, listing.currency), Money(row.price_minor, listing.currency)
    return [listing.number, listing.variant.sku, listing.grade, *prices, row.on_hand_was, row.on_hand,
            row.get_outcome_display()]  # fmt: skip


def _broken(change: ListingChange) -> tuple[list[str], Iterable[list[str]]]:
    """The lines that were not understood, each with its reason: mended, they can be imported."""
    header, rows = change.broken.get("header", []), change.broken.get("rows", [])
    kept = [at for at, title in enumerate(header) if title != REASON]

    def lines() -> Iterator[list[str]]:
        for row in rows:
            cells = [row["cells"][at] if at < len(row["cells"]) else "" for at in kept]
            yield [*cells, " ".join(f"{fault['column']}: {fault['reason']}" for fault in row["faults"])]

    return [*(header[at] for at in kept), REASON], lines()
