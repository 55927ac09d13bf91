"""Value added tax: who taxes a sale, at which rate, and how much of a price it is. Pure: no Django, no floats."""

from backmarket.taxes.rates import UnknownRate, vat_rate
from backmarket.taxes.rules import Taxed, included_vat, share_of, tax_of_commission, tax_of_sale

__all__ = ["Taxed", "UnknownRate", "included_vat", "share_of", "tax_of_commission", "tax_of_sale", "vat_rate"]
