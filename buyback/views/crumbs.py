"""The way to each page, as the breadcrumbs show it."""

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from buyback.models import Trade
from catalog.models import Category, Product

Crumb = dict[str, str | Promise]


def crumb(title: str | Promise, url: str = "") -> Crumb:
    return {"title": title, "url": url}


def selling(*, category: Category | None = None, product: Product | None = None, here: str = "") -> list[Crumb]:
    """Sell › category › product › this page."""
    way = [crumb(_("Sell a device"), reverse("sell"))]
    if product is not None:
        category = product.category
    if category is not None:
        way.append(crumb(_(category.name), reverse("sell-category", args=[category.slug])))
    if product is not None:
        way.append(crumb(str(product), reverse("sell-product", args=[product.slug])))
    return [*way, crumb(here)] if here else way


def account(trade: Trade | None = None, here: str = "") -> list[Crumb]:
    """Account › sales › this sale › this page."""
    way = [crumb(_("Account"), reverse("account")), crumb(_("Your sales"), reverse("trades"))]
    if trade is not None:
        way.append(crumb(str(trade), reverse("trade", args=[trade.pk])))
    return [*way, crumb(here)] if here else way
