"""A plant's pages for many bids: a table to type in, files in and out, percentages, and the way back."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from backmarket.admin.base import own_plant
from backmarket.admin.exports import csv_response
from backmarket.errors import DomainError
from backmarket.tables import FileRefused
from backmarket.timetravel import now
from buyback import bid_table
from buyback.admin.bid_forms import CONDITIONS, BidGrid, FileForm, PercentForm, typed
from buyback.bid_files import DEVICE, MAX_BYTES, REASON, SKU, read_bid_file
from buyback.models import Bid, BidChange, BidRow
from buyback.services.bid_changes import (
    BidsMoved,
    apply_bid_change,
    draft_bid_change,
    raised,
    save_bids,
    take_back_bid_change,
)
from buyback.services.bids import price_fault

PER_PAGE = 50
SHOWN = 500
S, Source = BidChange.Status, BidChange.Source
ONLY = (("", _("All devices")), ("with", _("With a bid")), ("without", _("Without a bid")))


def counted(counts: dict[str, int]) -> str:
    """ "12 changed, 3 new, 1 withdrawn" """
    words = {
        "changed": ngettext("%d changed", "%d changed", counts["changed"]),
        "new": ngettext("%d new", "%d new", counts["new"]),
        "withdrawn": ngettext("%d withdrawn", "%d withdrawn", counts["withdrawn"]),
    }
    return ", ".join(text % counts[name] for name, text in words.items() if counts[name]) or gettext("nothing changed")


def asked_of(request: HttpRequest) -> dict[str, str]:
    """What the table is narrowed to, from the address."""
    given = {name: request.GET.get(name, "").replace("\0", "")[:80].strip() for name in ("q", "category", "brand")}
    only = request.GET.get("only", "")
    return {**given, "only": only if only in dict(ONLY) else ""}


def ticked_in(request: HttpRequest) -> list[int] | None:
    """The devices ticked in the table, by their keys; None when it is not about ticked ones."""
    if "ticked" not in request.GET:
        return None
    given = request.GET.getlist("tick")[:PER_PAGE]
    return [int(text) for text in given if text.isascii() and text.isdigit() and len(text) < 10]


class BidTableMixin:
    """Gives the screen of a plant's bids its pages for many of them."""

    def get_urls(self) -> list[URLPattern]:
        site: Any = self.admin_site  # type: ignore[attr-defined]
        pages = (
            ("table/", self.table_view, "bids"),
            ("table/export/", self.table_export_view, "bids_export"),
            ("table/import/", self.import_view, "bids_import"),
            ("table/percent/", self.percent_view, "bids_percent"),
            ("changes/<uuid:pk>/", self.bid_change_view, "bid_change"),
            ("changes/<uuid:pk>/broken/", self.broken_view, "bid_change_broken"),
        )
        return [*(path(route, site.admin_view(view), name=name) for route, view, name in pages), *super().get_urls()]  # type: ignore[misc]

    def _may(self, request: HttpRequest, *, act: bool) -> None:
        screen: Any = self
        if not (screen.has_act_permission(request) if act else screen.has_view_permission(request)):
            raise PermissionDenied

    def _bids_page(
        self, request: HttpRequest, template: str, title: Any, *, status: int = 200, **more: Any
    ) -> HttpResponse:
        site: Any = self.admin_site  # type: ignore[attr-defined]
        request.current_app = site.name  # type: ignore[attr-defined]
        may_act = self.has_act_permission(request)  # type: ignore[attr-defined]
        context = {**site.each_context(request), "title": title, "may_act": may_act, "conditions": CONDITIONS, **more}
        return TemplateResponse(request, template, context, status=status)

    def _devices(self, request: HttpRequest) -> Any:
        return bid_table.devices_asked(own_plant(request), **asked_of(request))

    # The table

    def table_view(self, request: HttpRequest) -> HttpResponseBase:
        """GET shows a page of the table; POST saves what was typed in it, all of it or nothing."""
        self._may(request, act=request.method == "POST")
        page = Paginator(self._devices(request), PER_PAGE).get_page(request.GET.get("page"))
        posted = request.POST if request.method == "POST" else None
        grid = self._grid(request, page, posted)
        if posted is None:
            return self._table(request, page, grid)
        if not grid.faults:
            try:
                return self._saved(request, grid)
            except BidsMoved:
                grid = self._grid(request, page, posted)
        return self._table(request, page, grid, status=422)

    def _grid(self, request: HttpRequest, page: Any, data: Any) -> BidGrid:
        devices = list(page.object_list)
        return BidGrid(devices, bid_table.standing(own_plant(request), devices), data)

    def _saved(self, request: HttpRequest, grid: BidGrid) -> HttpResponse:
        if grid.changes:
            change = save_bids(own_plant(request), grid.changes, by=request.user, at=now())
            messages.success(request, gettext("Saved: %s.") % counted(change.counts))
        else:
            messages.info(request, gettext("Nothing was changed."))
        return HttpResponseRedirect(request.get_full_path())

    def _table(self, request: HttpRequest, page: Any, grid: BidGrid, status: int = 200) -> HttpResponse:
        plant, asked = own_plant(request), asked_of(request)
        recent = [(change, counted(change.counts)) for change in bid_table.recent_changes(plant)]
        query = request.GET.copy()
        query.pop("page", None)
        return self._bids_page(
            request, "admin/bids/table.html", _("Bids"), status=status, page=page, grid=grid, asked=asked, only=ONLY,
            categories=bid_table.categories_of(plant), brands=bid_table.brands_of(plant), recent=recent,
            query=query.urlencode(), narrowed=any(asked.values()), list_url=self.list_url(),  # type: ignore[attr-defined]
        )  # fmt: skip

    # Files

    def table_export_view(self, request: HttpRequest) -> HttpResponseBase:
        """The table as it is narrowed, in the format that the import reads."""
        self._may(request, act=False)
        devices = self._devices(request)
        stands = bid_table.standing(own_plant(request), devices.order_by())
        return csv_response("bids", [SKU, DEVICE, *CONDITIONS], _exported(devices.iterator(chunk_size=500), stands))

    def import_view(self, request: HttpRequest) -> HttpResponseBase:
        """POST reads a file and shows what it would change; a broken file is refused beside the field."""
        self._may(request, act=True)
        form = FileForm(request.POST or None, request.FILES or None) if request.method == "POST" else FileForm()
        if request.method == "POST" and form.is_valid():
            try:
                return self._preview(self._of_file(request, form.cleaned_data["file"]))
            except FileRefused as refusal:
                form.add_error("file", str(refusal))
        status = 422 if form.errors else 200
        return self._bids_page(request, "admin/bids/import.html", _("Import bids"), status=status, form=form)

    def _of_file(self, request: HttpRequest, file: Any) -> BidChange:
        plant = own_plant(request)
        read = read_bid_file(file.read(MAX_BYTES + 1), *bid_table.everything_of(plant))
        return draft_bid_change(
            plant, read.cells, source=Source.FILE, made_by=request.user, at=now(), label=file.name[:120],
            unchanged=read.unchanged,
            broken={"header": read.header, "rows": read.broken, "lines": read.lines} if read.broken else {},
        )  # fmt: skip

    def broken_view(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        """The lines of the file that were not understood, each with its reason: mended, it can be imported."""
        self._may(request, act=False)
        broken = bid_table.change_of_plant(own_plant(request), pk).broken
        header, rows = broken.get("header", []), broken.get("rows", [])
        at = header.index(REASON) if REASON in header else len(header)
        width = len(header) - (REASON in header)
        lines = ([*(row["cells"][:at] + row["cells"][at + 1 :] + [""] * width)[:width], _reasons(row)] for row in rows)
        return csv_response("bids-to-mend", [*(h for h in header if h != REASON), REASON], lines)

    # A percentage

    def percent_view(self, request: HttpRequest) -> HttpResponseBase:
        """POST shows what the percentage would make of the bids that were ticked, or that the table is narrowed to."""
        self._may(request, act=True)
        form = PercentForm(request.POST) if request.method == "POST" else PercentForm()
        devices, ticked = self._devices(request), ticked_in(request)
        if ticked is not None:
            devices = devices.filter(pk__in=ticked)
            if not devices.exists():
                messages.info(request, gettext("Tick the devices first."))
                return HttpResponseRedirect(reverse("plant:bids"))
        if form.is_bound and form.is_valid():
            return self._preview(self._of_percent(request, devices, form.cleaned_data))
        asked = asked_of(request)
        more = {"form": form, "asked": asked, "narrowed": any(asked.values()), "query": request.GET.urlencode(),
                "ticked": ticked is not None}  # fmt: skip
        status = 422 if form.errors else 200
        title = _("Change by a percentage")
        return self._bids_page(
            request, "admin/bids/percent.html", title, status=status, devices=devices.count(), **more
        )

    def _of_percent(self, request: HttpRequest, devices: QuerySet[Any], asked: dict[str, Any]) -> BidChange:
        plant = own_plant(request)
        stands = bid_table.standing(plant, devices.order_by())
        cells, unchanged, out = _moved_by(asked, [(d.pk, d.sku) for d in devices], stands)
        label = gettext("%s %%") % f"{asked['percent'] / 100:+g}"
        return draft_bid_change(
            plant, cells, source=Source.PERCENT, made_by=request.user, at=now(), label=label, unchanged=unchanged,
            broken={"header": [SKU], "rows": out, "lines": len(out)} if out else {},
        )  # fmt: skip

    # What was asked, before and after

    def _preview(self, change: BidChange) -> HttpResponse:
        return HttpResponseRedirect(reverse("plant:bid_change", args=[change.pk]))

    def bid_change_view(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        """GET shows a change, POST applies it or takes it back."""
        self._may(request, act=request.method == "POST")
        change = bid_table.change_of_plant(own_plant(request), pk)
        moved: set[tuple[int, str]] = set()
        if request.method == "POST":
            try:
                return self._act(request, change)
            except BidsMoved as refusal:
                moved = refusal.moved
                messages.error(request, str(refusal))
            except DomainError as refusal:
                messages.error(request, str(refusal))
            change.refresh_from_db()
        rows = [(device, cell, _words(cell), (cell.variant, cell.condition) in moved)
                for device, cell in bid_table.named(change, SHOWN)]  # fmt: skip
        return self._bids_page(
            request, "admin/bids/change.html", _("Change of bids: %s") % change,
            status=422 if request.method == "POST" else 200,
            change=change, counts=change.counts, summary=counted(change.counts), rows=rows,
            more=max(0, len(change.rows) - SHOWN), moved=bool(moved), expired=change.expires_at <= now(),
            good=change.broken.get("lines", 0) - change.broken_lines,
        )  # fmt: skip

    def _act(self, request: HttpRequest, change: BidChange) -> HttpResponse:
        if "take_back" in request.POST:
            take_back_bid_change(change, by=request.user, at=now())
            messages.success(request, gettext("Taken back: every bid is as it was before."))
        else:
            if change.broken and "leave_out" not in request.POST:
                raise DomainError(_("Choose first what happens to the lines that were not understood."))
            apply_bid_change(change, by=request.user, at=now())
            messages.success(request, gettext("Applied: %s.") % counted(change.counts))
        return HttpResponseRedirect(reverse("plant:bids"))


def _exported(devices: Iterable[Any], stands: bid_table.Standing) -> Iterable[list[Any]]:
    for device in devices:
        prices = (stands.get((device.pk, condition.value), (None, True))[0] for condition in CONDITIONS)
        yield [device.sku, str(device), *(typed(price) for price in prices)]


def _reasons(row: dict[str, Any]) -> str:
    return " ".join(f"{fault['column']}: {fault['reason']}" for fault in row["faults"])


def _words(cell: BidRow) -> dict[str, Any]:
    """How a cell is told: its condition, the price before and after, and by how much it moves."""
    share = f"{(cell.price - cell.was) * 100 / cell.was:+.1f} %" if cell.was and cell.price else ""
    return {
        "condition": dict(Bid._meta.get_field("condition").choices or ()).get(cell.condition, cell.condition),
        "was": typed(cell.was),
        "price": typed(cell.price),
        "share": share,
    }


def _moved_by(
    asked: dict[str, Any], devices: list[tuple[int, str]], stands: bid_table.Standing
) -> tuple[list[BidRow], int, list[dict[str, Any]]]:
    """The cells that move, how many stay by rounding, and the devices that would leave the bounds of a bid."""
    cells, unchanged, out = [], 0, []
    for line, (pk, sku) in enumerate(devices, 1):
        for condition in asked["conditions"]:
            was, active = stands.get((pk, condition), (None, True))
            if was is None:
                continue
            price = raised(was, asked["percent"], asked["step"])
            if reason := price_fault(price):
                fault = {"column": condition, "value": typed(price), "reason": reason}
                out.append({"line": line, "cells": [sku], "faults": [fault]})
            elif price == was:
                unchanged += 1
            else:
                cells.append(BidRow(pk, condition, was, price, active))
    return cells, unchanged, out
