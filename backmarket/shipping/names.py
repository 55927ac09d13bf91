"""Couriers by their names, and where each shows the way of a parcel to everybody."""

from urllib.parse import quote

from django.utils.translation import gettext_lazy as _

OURS = _("our courier")
# Those with whom plants have contracts of their own: name, and address of the public page about a number. Empty where
# none is certain: GLS has other addresses in each country, asks for the postcode too, and has moved them several times.
COURIERS = {
    "colissimo": ("Colissimo", "https://www.laposte.fr/outils/suivre-vos-envois?code="),
    "chronopost": ("Chronopost", "https://www.chronopost.fr/tracking-no-cms/suivi-page?listeNumerosLT="),
    "dhl": ("DHL", "https://www.dhl.com/fr-fr/home/tracking.html?submit=1&tracking-id="),
    "dpd": ("DPD", "https://trace.dpd.fr/fr/trace/"),
    "gls": ("GLS", ""),
    "ups": ("UPS", "https://www.ups.com/track?tracknum="),
}


def courier_name(code: str) -> str:
    """What people call it; the house courier has no name of its own, whoever it is."""
    return COURIERS[code][0] if code in COURIERS else str(OURS)


def tracking_url(code: str, number: str) -> str:
    """The courier's own page about a parcel; empty where there is none."""
    page = COURIERS.get(code, ("", ""))[1]
    return f"{page}{quote(number, safe='')}" if page and number else ""
