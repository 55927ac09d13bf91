"""What the shop's pages draw of a product, and the cards that stand beside links to them."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from catalog.drawings import paint
from catalog.models import Category, Variant
from catalog.share_cards import Card, category_card, home_card, variant_card

register = template.Library()


@register.simple_tag
def swatch(colour: str) -> SafeString:
    """A spot of a device's colour; decorative, its name stands beside it."""
    base = paint(colour)
    return format_html(
        '<svg class="swatch" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">'
        '<circle cx="10" cy="10" r="9" fill="{}" stroke="{}" stroke-width="1.5"/></svg>',
        base.base,
        base.shade,
    )


@register.simple_tag
def card_of_variant(variant: Variant) -> Card:
    return variant_card(variant)


@register.simple_tag
def card_of_category(category: Category) -> Card:
    return category_card(category)


@register.simple_tag
def card_of_home() -> Card:
    return home_card()
