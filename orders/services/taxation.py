"""How a sale is taxed: the device by its scheme and where it goes, the house's commission by where the plant is."""

from datetime import datetime

from django.conf import settings

from backmarket.market import calendar
from backmarket.taxes import Taxed, tax_of_commission, tax_of_sale
from catalog.models import Listing, VatScheme


def taxes_of(listing: Listing, destination: str, at: datetime) -> tuple[Taxed, Taxed]:
    """The VAT in the price of what is sold at `at` to a person in the country `destination`, and on the commission."""
    plant, day = listing.plant, calendar().local(at).date()
    margin = listing.vat_scheme == VatScheme.MARGINAL
    sale = tax_of_sale(margin=margin, seller=plant.country, buyer=destination, on=day)
    house = settings.MARKET_COUNTRY
    return sale, tax_of_commission(house=house, plant=plant.country, vat_number=plant.vat_number, on=day)
