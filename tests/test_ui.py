from decimal import Decimal
from types import SimpleNamespace

import pytest
from babel import Locale
from babel.numbers import format_currency, get_currency_precision
from django import forms
from django.core.paginator import Paginator
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils.translation import override

from backmarket.money import Money
from backmarket.pagecache import tools
from backmarket.templatetags import ui


@pytest.mark.parametrize(
    ("language", "full", "short", "odd"),
    [("en", "€1,159.00", "€1,159", "€99.50"), ("fr", "1 159,00 €", "1 159 €", "99,50 €")],
)
def test_money_is_written_as_its_reader_writes_it(language, full, short, odd):
    def plain(text):
        return text.replace("\xa0", " ").replace("\u202f", " ")

    with override(language):
        assert plain(ui.money(Money(115900, "EUR"))) == full
        assert plain(ui.money_short(Money(115900, "EUR"))) == short
        assert plain(ui.money_short(Money(9950, "EUR"))) == odd
        assert ui.money(None) == ""


def test_a_currency_without_minor_units_keeps_its_whole_amount():
    with override("en"):
        assert ui.money(Money(1200, "JPY")) == "¥1,200"


def test_basis_points_read_as_percent():
    with override("en"):
        assert ui.percent(4812) == "48%"
        assert ui.percent(4812, 1) == "48.1%"


def test_every_icon_is_drawn_and_a_typo_is_refused():
    for name in ui.ICONS:
        assert f'd="{ui.ICONS[name]}"' in ui.icon(name)
    with pytest.raises(KeyError):
        ui.icon("tuck")


class Payout(forms.Form):
    iban = forms.CharField(label="IBAN", help_text="Of the seller")
    window = forms.ChoiceField(choices=[("a", "Morning")], widget=forms.RadioSelect)


def test_a_faulty_field_names_its_help_and_error_and_keeps_what_was_typed():
    form = Payout({"iban": "FR76"})
    form.add_error("iban", "Look for a swapped digit.")
    page = render_to_string("components/_form.html", {"form": form})
    assert 'value="FR76"' in page
    assert 'aria-describedby="id_iban_helptext id_iban_error"' in page
    assert 'id="id_iban_helptext"' in page
    assert 'id="id_iban_error"' in page
    assert 'aria-describedby="id_window_error"' in page
    assert 'href="#id_window_group"' in page


def test_pages_keep_the_rest_of_the_query():
    request = RequestFactory().get("/search/?q=iphone&page=2")
    context = {"page_obj": Paginator(range(90), 10).page(2)}
    page = render_to_string("components/_pagination.html", context, request=request)
    assert "?q=iphone&amp;page=3" in page
    assert "?q=iphone&amp;page=1" in page


def test_the_price_of_a_new_one_is_labelled_and_not_struck_through():
    price, new = Money(38900, "EUR"), Money(115900, "EUR")
    with override("en"):
        block = render_to_string(
            "components/_price.html",
            {"price": price, "reference_price": new, "reference_source": "Apple", "saving_bps": 6644},
        )
    assert "New €1,159" in block
    assert "(Apple)" in block
    assert "66% less than new" in block
    assert "<s>" not in block
    assert "<del" not in block


def test_no_template_carries_an_inline_style_or_script(settings):
    for path in sorted((settings.BASE_DIR / "templates").rglob("*.html")):
        if "emails" in path.parts:
            continue
        text = path.read_text()
        assert " style=" not in text, path
        assert "<script>" not in text, path


def test_the_last_error_page_needs_no_context():
    assert "Something broke on our side" in render_to_string("500.html")


def test_a_clause_shows_what_was_promised_beside_what_was_achieved():
    row = SimpleNamespace(clause="Late shipments", promised="7%", achieved="9%", kept=False, note="412 orders")
    page = render_to_string("components/_promise.html", vars(row))
    assert page.index("7%") < page.index("9%")
    assert 'aria-label="missed"' in page


def test_the_header_counts_what_is_in_the_cart():
    with override("en"):
        assert "Cart, 1 device<" in tools(False, 1)
        assert "Cart, 0 devices<" in tools(False, 0)


@pytest.mark.parametrize("language", ["en-gb", "fr", "de-at", "es", "pl", "hi", "de-ch", "ar"])
@pytest.mark.parametrize("currency", ["EUR", "JPY", "TND"])
def test_money_is_written_as_babel_writes_it(language: str, currency: str) -> None:
    locale, places = Locale.parse(language, sep="-"), get_currency_precision(currency)
    with override(language):
        for minor in (0, 7, 100, 99_950, 100_000, 1_234_567_890, -5, -115_900):
            right = format_currency(Decimal(minor).scaleb(-places), currency, locale=locale)
            assert ui.money(Money(minor, currency)) == right
