# ruff: noqa: E501
"""Smartwatches, with the maker's launch price in France of the smaller case without cellular."""

from backmarket.management.seed_data.shapes import Product, Row, colours, numbers, product, texts

FRANCE = "{}, launch price in France"


def _watch(brand: str, model: str, date: str, euros: int, cases: str, colour: str, **more: str) -> Product:
    """One model. `cases` are sizes in mm; `cellular` is its price in euros, where it was sold."""
    gps = f"GPS, GPS + Cellular +{more['cellular']}" if "cellular" in more else more.get("only", "GPS")
    specs = {"material": more.get("material", "Aluminium")}
    row = Row(
        "watches", brand, model, date, euros, FRANCE.format(brand), specs, more.get("nick", ""), more.get("form", "")
    )
    return product(row, numbers("case_mm", cases), texts("connectivity", gps), colours(colour))


WATCHES: tuple[Product, ...] = (
    _watch("Apple", "Watch Series 3", "2017-09-22", 369, "38, 42 +30", "Space Grey=graphite, Silver", nick="aw3, watch 3"),
    _watch("Apple", "Watch Series 4", "2018-09-21", 429, "40, 44 +30", "Space Grey=graphite, Silver, Gold", cellular="100", nick="aw4"),
    _watch("Apple", "Watch Series 5", "2019-09-20", 449, "40, 44 +30", "Space Grey=graphite, Silver, Gold", cellular="100", nick="aw5"),
    _watch("Apple", "Watch Series 6", "2020-09-18", 429, "40, 44 +30",
           "Space Grey=graphite, Silver, Gold, Blue, (PRODUCT)RED=red", cellular="100", nick="aw6"),
    _watch("Apple", "Watch SE (2020)", "2020-09-18", 299, "40, 44 +30", "Space Grey=graphite, Silver, Gold", cellular="50", nick="aw se"),
    _watch("Apple", "Watch Series 7", "2021-10-15", 429, "41, 45 +30",
           "Midnight, Starlight, Green, Blue, (PRODUCT)RED=red", cellular="100", nick="aw7"),
    _watch("Apple", "Watch Series 8", "2022-09-16", 499, "41, 45 +30",
           "Midnight, Starlight, Silver, (PRODUCT)RED=red", cellular="120", nick="aw8"),
    _watch("Apple", "Watch SE (2022)", "2022-09-16", 299, "40, 44 +40", "Midnight, Starlight, Silver", cellular="50", nick="aw se 2"),
    _watch("Apple", "Watch Ultra", "2022-09-23", 999, "49", "Natural Titanium=titanium", material="Titanium",
           only="GPS + Cellular", nick="aw ultra"),
    _watch("Apple", "Watch Series 9", "2023-09-22", 449, "41, 45 +30",
           "Midnight, Starlight, Silver, Pink, (PRODUCT)RED=red", cellular="120", nick="aw9"),
    _watch("Samsung", "Galaxy Watch4", "2021-08-27", 269, "40, 44 +30", "Black, Silver", cellular="50", form="watch-round", nick="gw4"),
    _watch("Samsung", "Galaxy Watch5", "2022-08-26", 299, "40, 44 +30", "Graphite, Silver", cellular="50", form="watch-round", nick="gw5"),
    _watch("Samsung", "Galaxy Watch6", "2023-08-11", 319, "40, 44 +30", "Graphite, Silver", cellular="50", form="watch-round", nick="gw6"),
    _watch("Garmin", "Forerunner 245", "2019-04-30", 300, "42", "Slate Grey=graphite, Berry=purple", material="Polymer", form="watch-round", nick="fr245"),
    _watch("Google", "Pixel Watch", "2022-10-13", 379, "41", "Matte Black=black, Polished Silver=silver, Champagne Gold=gold",
           material="Stainless steel", cellular="50", form="watch-round", nick="pixel watch 1"),
)  # fmt: skip
