"""Admin classes of the two sites: a row's door, its steps, its piles, its export."""

from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import islice
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import PAGE_VAR
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.views import ChangeList

from backmarket.admin.exports import csv_response
from backmarket.admin.forms import KnownRowSelect, MinorField
from backmarket.admin.panels import Panel, history
from backmarket.admin.piles import Pile, PileFilter, tabs
from backmarket.admin.steps import StepsMixin
from backmarket.errors import DomainError
from backmarket.timetravel import now
from refurbishers.access import membership_of
from refurbishers.models import Member, Refurbisher

Role = Member.Role
LEADERS = frozenset({Role.OWNER, Role.MANAGER})
WORKSHOP = LEADERS | {Role.TECHNICIAN}
AFTER_SALES = LEADERS | {Role.AFTER_SALES}
EVERYBODY = frozenset(Role)
EXPORT_CHUNK = 500
LONGEST_TEXT = 5000


class DoorList(ChangeList):
    """A page of a list whose rows are prepared together."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.model_admin.prepare(request, self.result_list)


def _narrow_export(context: dict[str, Any], shown: QueryDict) -> None:
    """The button exports what is shown, all pages of it."""
    chosen = shown.copy()
    chosen.pop(PAGE_VAR, None)
    for button in context.get("actions_list") or ():
        if chosen and button["path"].endswith("/export/"):
            button["path"] += f"?{chosen.urlencode()}"


class DoorAdmin(StepsMixin, ModelAdmin):
    """A list and a page per row. Rows are read; what changes them is a step, which calls a service.

    `deadline` names the field whose passing marks a row late; `names_people` shows who did what in the history.
    """

    deadline: str = ""
    piles: tuple[Pile, ...] = ()
    export_columns: tuple[tuple[Any, str | Callable[[Any], Any]], ...] = ()
    names_people = False
    list_per_page = 25
    show_full_result_count = False
    list_disable_select_all = True
    change_form_outer_before_template = "admin/steps.html"
    change_form_outer_after_template = "admin/panels.html"
    actions: ClassVar[Any] = None
    money_fields: tuple[str, ...] = ()

    # Rows

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return rows.annotate(late=Q(**{f"{self.deadline}__lte": now()})) if self.deadline else rows  # type: ignore[no-any-return]

    def own_or_404(self, request: HttpRequest, object_id: str) -> Any:
        """The row, if this person may know of it; Http404 otherwise."""
        if (obj := self.get_object(request, object_id)) is None:
            raise Http404
        if not self.has_view_permission(request, obj):
            raise PermissionDenied
        return obj

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> HttpResponse:
        raise Http404

    def name_of(self, obj: Any) -> str:
        """What people call a row; a screen says it better where the row's own name is made of keys."""
        return str(obj)

    # Addresses

    def change_url(self, obj: Any) -> str:
        if obj is None or not isinstance(obj, self.model):
            return self.list_url()
        return reverse(f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_change", args=[obj.pk])

    def list_url(self) -> str:
        return reverse(f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_changelist")

    # Pages

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = extra_context or {}
        if self.piles and self.has_view_permission(request):
            context["tabs"] = tabs(self.piles, self.get_queryset(request), request.GET.get("pile", ""))
        answer: HttpResponse = super().changelist_view(request, context)
        if isinstance(answer, TemplateResponse):
            _narrow_export(answer.context_data or {}, request.GET)
        return answer

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[DoorList]:
        return DoorList

    def prepare(self, request: HttpRequest, rows: Collection[Any]) -> None:
        """Give rows that are about to be shown, a page or a chunk of an export, what costs no query each this way."""

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self.own_or_404(request, object_id)
        return super().change_view(request, object_id, form_url, extra_context)  # type: ignore[no-any-return]

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self.own_or_404(request, object_id)
        return super().delete_view(request, object_id, extra_context)  # type: ignore[no-any-return]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        if self.adding is None:
            return super().add_view(request, form_url, extra_context)  # type: ignore[no-any-return]
        if not self.has_add_permission(request):
            raise PermissionDenied
        return self.take(request, self.adding, None)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The events of a row: they are the audit trail, and nothing else is."""
        obj = self.own_or_404(request, object_id)
        request.current_app = self.admin_site.name
        self.prepare(request, [obj])
        context = {
            **self.admin_site.each_context(request),
            "title": _("History: %s") % self.name_of(obj),
            "opts": self.opts,
            "original": Named(obj, self.name_of(obj)),
            "panels": [history(obj, names=self.names_people)],
        }
        return TemplateResponse(request, "admin/history.html", context)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """What is only read stands in two columns."""
        given = super().get_fieldsets(request, obj)
        typed = set(self.get_fields(request, obj)) - set(self.get_readonly_fields(request, obj)) if obj else True
        if typed and (obj is None or self.has_change_permission(request, obj)):
            return given
        return [(title, {**options, "fields": in_pairs(options["fields"])}) for title, options in given]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        obj = kwargs.get("obj")
        if obj is not None:
            self.prepare(request, [obj])
            name = self.name_of(obj)
            context |= {"original": Named(obj, name), "subtitle": name}
            context["open_steps"] = self.open_steps(request, obj)
            context["panels"] = self.panels(request, obj)
            if not context["adminform"].form.fields and not context["inline_admin_formsets"]:
                context |= {"show_save": False, "show_save_and_continue": False, "show_save_and_add_another": False}
        return super().render_change_form(request, context, *args, **kwargs)

    def panels(self, request: HttpRequest, obj: Any) -> list[Panel]:
        """What stands beneath the fields; by default what happened to the row."""
        return [history(obj, names=self.names_people)]

    # Lists

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        given = list(super().get_list_filter(request))
        return [PileFilter, *given] if self.piles else given

    @property
    def list_before_template(self) -> str | None:
        return "admin/tabs.html" if self.piles else None

    def formfield_for_dbfield(self, db_field: models.Field[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        """Columns of minor units listed in `money_fields` are typed as amounts; no text is longer than people read."""
        if db_field.name in self.money_fields:
            return MinorField(label=db_field.verbose_name, required=not db_field.blank)
        if isinstance(db_field, models.TextField) and db_field.max_length is None:
            kwargs["max_length"] = LONGEST_TEXT
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", KnownRowSelect(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def each(self, request: HttpRequest, rows: Iterable[Any], run: Callable[[Any], Any]) -> None:
        """Run a service on every chosen row; say how many it did, and every refusal once with its rows."""
        done, refused = 0, dict[str, list[str]]()
        for row in rows:
            try:
                run(row)
                done += 1
            except DomainError as refusal:
                refused.setdefault(str(refusal), []).append(self.name_of(row))
        if done:
            messages.success(request, ngettext("%d row done.", "%d rows done.", done) % done)
        for reason, names in refused.items():
            messages.error(request, f"{reason} ({', '.join(names)})")

    # Exports

    @property
    def actions_list(self) -> tuple[str, ...]:
        return ("export_csv",) if self.export_columns else ()

    @action(description=_("Export as CSV"), url_path="export", permissions=["view"], icon="download")  # type: ignore[untyped-decorator]
    def export_csv(self, request: HttpRequest) -> HttpResponseBase:
        """Every row of the list as it is shown: of its pile, filters and search."""
        readers = [self._reader(column) for _title, column in self.export_columns]
        try:
            rows = self.get_changelist_instance(request).queryset
        except IncorrectLookupParameters:
            return HttpResponseRedirect(self.list_url())
        lines = ([read(line) for read in readers] for line in self._exported(request, rows))
        return csv_response(str(self.opts.model_name), [title for title, _column in self.export_columns], lines)

    def _exported(self, request: HttpRequest, rows: QuerySet[Any]) -> Iterator[Any]:
        waiting = rows.iterator(chunk_size=EXPORT_CHUNK)
        while chunk := list(islice(waiting, EXPORT_CHUNK)):
            self.prepare(request, chunk)
            yield from self.export_lines(chunk)

    def export_lines(self, rows: list[Any]) -> Iterable[Any]:
        """What the columns of an export are read from, a line each; by default the rows themselves."""
        return rows

    @staticmethod
    def _reader(column: str | Callable[[Any], Any]) -> Callable[[Any], Any]:
        if not isinstance(column, str):
            return column

        def read(row: Any) -> Any:
            for name in column.split("."):
                row = getattr(row, name, None)
            return row() if callable(row) else row

        return read

    # What nobody does by hand

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.adding is not None and self.has_act_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_act_permission(self, request: HttpRequest) -> bool:
        raise NotImplementedError


class Named:
    """A row under the name that its screen gives it; everything else is the row's own."""

    def __init__(self, row: Any, name: str) -> None:
        self._row, self._name = row, name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._row, attribute)

    def __str__(self) -> str:
        return self._name


def in_pairs(fields: Any) -> list[Any]:
    return [tuple(fields[start : start + 2]) for start in range(0, len(fields), 2)]


class StaffModelAdmin(DoorAdmin):
    """The desk's screen of rows that services write: read by permission, changed by steps."""

    names_people = True

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return ModelAdmin.has_view_permission(self, request, obj) or self._has(request, "change")

    def has_act_permission(self, request: HttpRequest) -> bool:
        return self._has(request, "change")

    def has_pay_permission(self, request: HttpRequest) -> bool:
        """Money out asks for the right to change payouts, whatever row it is paid for."""
        return bool(request.user.has_perm("payments.change_payout"))

    def _has(self, request: HttpRequest, verb: str) -> bool:
        return bool(request.user.has_perm(f"{self.opts.app_label}.{verb}_{self.opts.model_name}"))


class StaffDataAdmin(StaffModelAdmin):
    """The desk's screen of data that people write: no states, no money that moved. Its history is who wrote what."""

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self.own_or_404(request, object_id)
        return ModelAdmin.history_view(self, request, object_id, extra_context)  # type: ignore[no-any-return]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return ModelAdmin.has_add_permission(self, request)  # type: ignore[no-any-return]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return ModelAdmin.has_change_permission(self, request, obj)  # type: ignore[no-any-return]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return ModelAdmin.has_delete_permission(self, request, obj)  # type: ignore[no-any-return]


def member_of(request: HttpRequest) -> Member:
    """The person's membership, read once per request; Http404 for strangers."""
    if not hasattr(request, "_member"):
        request._member = membership_of(request.user)  # type: ignore[attr-defined]
    return request._member  # type: ignore[attr-defined,no-any-return]


def own_plant(request: HttpRequest) -> Refurbisher:
    return member_of(request).plant


class PlantModelAdmin(DoorAdmin):
    """A plant's screen: its own rows by `plant_path`, for the roles that may read (`readers`) and act (`roles`).

    Choices of related rows are those of the related model's own screen on this site; a model without one has none.
    `plant_path` is None for what belongs to nobody (the catalogue's variants).
    """

    plant_path: str | None = "plant"
    roles: frozenset[str] = LEADERS
    readers: frozenset[str] = frozenset()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return rows if self.plant_path is None else rows.filter(**{self.plant_path: own_plant(request)})

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["queryset"] = self._choices(db_field, request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["queryset"] = self._choices(db_field, request)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def _choices(self, db_field: Any, request: HttpRequest) -> QuerySet[Any]:
        related = db_field.remote_field.model
        screen = self.admin_site._registry.get(related)
        return screen.get_queryset(request) if screen else related._base_manager.none()  # type: ignore[no-any-return]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return member_of(request).role in self.roles | self.readers

    def has_act_permission(self, request: HttpRequest) -> bool:
        return member_of(request).role in self.roles

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.admin_site.has_permission(request) and self.has_view_permission(request)
