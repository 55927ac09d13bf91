"""What a plant types about many bids at once: the table's cells, a file, a percentage."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision
from django import forms
from django.conf import settings
from django.utils.formats import get_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backmarket.admin.forms import dress
from buyback.bid_files import price_of
from buyback.bid_table import Standing
from buyback.models import BidRow
from catalog.models import Condition, Variant

CONDITIONS = tuple(Condition)
STEPS = ((100, _("whole euros")), (1, _("cents")))


def typed(minor: int | None) -> str:
    """Minor units as a person types them here: "119,90" where the comma is the decimal sign."""
    if minor is None:
        return ""
    text = f"{Decimal(minor).scaleb(-get_currency_precision(settings.DEFAULT_CURRENCY)):f}"
    return text.replace(".", get_format("DECIMAL_SEPARATOR"))


@dataclass
class Cell:
    """One price in the table: what stands, what the person saw, what was typed, and what is wrong with it."""

    name: str
    label: str
    condition: str
    text: str
    stands: str
    paused: bool = False
    error: str = ""
    moved: bool = False


@dataclass
class Line:
    device: Variant
    seen: str
    cells: list[Cell] = field(default_factory=list)


class BidGrid:
    """One page of the table. `data` is what was posted; each line carries, hidden, the prices it was shown with."""

    def __init__(self, devices: Sequence[Variant], stands: Standing, data: Any = None) -> None:
        self.changes: list[BidRow] = []
        self.currency = settings.DEFAULT_CURRENCY
        self.faults = 0
        self.lines = [self._line(device, stands, data) for device in devices]

    @property
    def first_fault(self) -> str:
        """The name of the first cell that needs another look."""
        return next((cell.name for line in self.lines for cell in line.cells if cell.error), "")

    def _line(self, device: Variant, stands: Standing, data: Any) -> Line:
        now = [stands.get((device.pk, condition.value), (None, True)) for condition in CONDITIONS]
        line = Line(device, ",".join(str(price or "") for price, _active in now))
        seen = _seen(data, device.pk, [price for price, _active in now])
        for condition, (price, active), was in zip(CONDITIONS, now, seen, strict=True):
            name = f"bid-{device.pk}-{condition.value}"
            cell = Cell(
                name,
                f"{device}, {condition.label}",
                str(condition.label),
                typed(price),
                typed(price),
                paused=not active,
            )
            if data is not None and name in data:
                self._read(cell, data[name], BidRow(device.pk, condition.value, price, None, active), was)
            line.cells.append(cell)
        return line

    def _read(self, cell: Cell, text: str, row: BidRow, was: int | None) -> None:
        """Compare what was typed with what the person saw; only what they changed is theirs to change."""
        try:
            price = price_of(text)
        except ValueError as error:
            cell.text, cell.error = text[:40], str(error)
            self.faults += 1
            return
        if price == was:
            cell.moved = row.was != was
            return
        if row.was not in (was, price):
            now = typed(row.was) or gettext("no bid")
            cell.text, cell.moved = text, True
            cell.error = gettext("Meanwhile somebody changed this to %s. Save again to replace it.") % now
            self.faults += 1
            return
        cell.text = text
        if price != row.was:
            self.changes.append(row._replace(price=price))


def _seen(data: Any, device: int, now: list[int | None]) -> list[int | None]:
    """The prices that this line was shown with; what is no such list was not sent by our page, and saw nothing else."""
    parts = (data.get(f"seen-{device}", "") if data is not None else "").split(",")
    if len(parts) != len(now) or not all(part == "" or (part.isascii() and part.isdigit()) for part in parts):
        return now
    return [int(part[:12]) if part else None for part in parts]


class FileForm(forms.Form):
    file = forms.FileField(
        label=_("CSV file"),
        help_text=_("Up to 2 MB and 5,000 lines. Commas, semicolons or tabs; 119.90 or 119,90."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self.fields["file"].widget)


class PercentForm(forms.Form):
    percent = forms.CharField(
        label=_("Raise or lower by, in per cent"), max_length=8,
        help_text=_("For example 5, or -7.5. From -50 to 100."),
        widget=forms.TextInput(attrs={"inputmode": "text", "autocomplete": "off"}),
    )  # fmt: skip
    conditions = forms.MultipleChoiceField(
        label=_("Conditions"), choices=Condition.choices, initial=list(Condition.values),
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    step = forms.TypedChoiceField(
        label=_("Round to"), choices=STEPS, initial=100, coerce=int, widget=forms.RadioSelect,
        help_text=_("To the nearest; half of it is rounded up."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for each in self.fields.values():
            dress(each.widget)

    def clean_percent(self) -> int:
        """Basis points."""
        text = self.cleaned_data["percent"].replace(",", ".").replace("−", "-").replace("%", "").strip()
        sign = text.removeprefix("+")
        digits = sign.removeprefix("-").replace(".", "", 1)
        if not (digits.isascii() and digits.isdigit()):
            raise forms.ValidationError(_("Write a number, like 5 or -7.5."))
        bps = Decimal(sign) * 100
        if bps != bps.to_integral_value():
            raise forms.ValidationError(_("Give at most two decimals."))
        if not -5_000 <= bps <= 10_000 or bps == 0:
            raise forms.ValidationError(_("Give a number from -50 to 100, and not 0."))
        return int(bps)
