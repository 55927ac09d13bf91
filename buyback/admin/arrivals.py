"""Today's arrivals: what the courier brings, what waits, and the scanner that opens a trade."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from backmarket.admin.base import own_plant
from backmarket.admin.columns import deadline
from backmarket.admin.forms import dress
from backmarket.timetravel import now
from buyback.arrivals import Arrivals, arrivals, trade_of_scan
from buyback.models import Trade

T = Trade.Status

# Status → the pile of the list, its title, what its count says, and what an empty one says.
PILES: dict[str, tuple[str, Any, Any, Any]] = {
    T.RECEIVED: ("to_inspect", _("To inspect"), _("to inspect"), _("No device waits for its inspection.")),
    T.INSPECTED: ("to_decide", _("To decide"), _("to decide"), _("Every inspected device is decided.")),
    T.RETURNING: ("returning", _("To send back"), _("to send back"), _("Nothing has to go back.")),
}


def _pile(status: str, day: Arrivals) -> dict[str, Any]:
    name, title, words, empty = PILES[status]
    rows = [(trade, deadline(trade.due_at, late=trade.late)) for trade in day.waiting[status]]
    return {"name": name, "title": title, "words": words, "empty": empty, "rows": rows, "count": day.counts[status]}


class ScanForm(forms.Form):
    """A hand scanner types the code and presses Enter; so do people."""

    code = forms.CharField(
        label=_("Scan or type a code"), max_length=80,
        help_text=_("The parcel's number, the trade's number, or the device's IMEI or serial number."),
        widget=forms.TextInput(attrs={
            "autofocus": True, "autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false",
            "enterkeyhint": "go",
        }),
    )  # fmt: skip

    def __init__(self, *args: Any, plant: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.plant = plant
        dress(self.fields["code"].widget)

    def clean_code(self) -> Trade:
        """Another plant's trade is as unknown as one that does not exist."""
        trade = trade_of_scan(self.plant, self.cleaned_data["code"])
        if trade is None:
            raise forms.ValidationError(
                _("No trade of your plant has this code. Scan it again, or search the list by the device's name.")
            )
        return trade


class ArrivalsMixin:
    """Gives the screen of a plant's trades its page of the day."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.arrivals_view)  # type: ignore[attr-defined]
        return [path("arrivals/", view, name="arrivals"), *super().get_urls()]  # type: ignore[misc]

    def arrivals_view(self, request: HttpRequest) -> HttpResponse:
        """GET shows the day, POST opens the scanned trade."""
        screen: Any = self
        if not screen.has_view_permission(request):
            raise PermissionDenied
        plant = own_plant(request)
        form = ScanForm(request.POST if request.method == "POST" else None, plant=plant)
        if form.is_valid():
            return redirect(screen.change_url(form.cleaned_data["code"]))
        request.current_app = screen.admin_site.name  # type: ignore[attr-defined]
        context = {
            **screen.admin_site.each_context(request),
            "title": _("Today's arrivals"),
            "form": form,
            "day": (day := arrivals(plant, now())),
            "piles": [_pile(status, day) for status in PILES],
            "list_url": screen.list_url(),
        }
        return TemplateResponse(request, "admin/arrivals.html", context, status=422 if form.errors else 200)
