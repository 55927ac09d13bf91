"""The pictures that stand beside links to us."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from catalog import share_cards
from catalog.access import public_category, variant_to_sell


@require_safe
def share_card(request: HttpRequest, kind: str, key: str, version: str) -> HttpResponse:
    """A card as PNG, to be kept for ever; an old version leads to the one of today."""
    card = _card(kind, key)
    if version != card.version:
        return redirect(card.path)
    return HttpResponse(
        share_cards.png_of(card),
        content_type="image/png",
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )


def _card(kind: str, key: str) -> share_cards.Card:
    if kind == "device":
        return share_cards.variant_card(variant_to_sell(key))
    if kind == "category":
        return share_cards.category_card(public_category(key))
    if (kind, key) == ("page", "home"):
        return share_cards.home_card()
    raise Http404
