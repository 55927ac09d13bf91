# ruff: noqa: E501
"""Laptops and desktop computers, with the maker's price of the base configuration at launch.

Apple and Microsoft publish one price per country; for the makers who sell through dealers the figure is the
European list price, rounded, and its source says so.
"""

from dataclasses import replace

from backmarket.management.seed_data.shapes import Product, Row, colours, configs, product, texts

FRANCE = "{}, launch price in France"
EUROPE = "{}, European list price at launch, rounded"
LISTED = frozenset({"Dell", "HP", "Lenovo", "Asus", "Acer", "Framework"})


def _source(brand: str) -> str:
    return (EUROPE if brand in LISTED else FRANCE).format(brand)


def _laptop(brand: str, model: str, date: str, euros: int, setups: str, colour: str, **more: str) -> Product:
    """One model. `setups` are processor/memory/storage; `keys` the keyboards sold, AZERTY unless said."""
    specs = {"screen_in": float(more["screen"])}
    row = Row("laptops", brand, model, date, euros, _source(brand), specs, more.get("nick", ""))
    keyboards = texts("keyboard", more.get("keys", "AZERTY, QWERTY"))
    return product(row, configs(setups), colours(colour), keyboards)


def _desktop(brand: str, model: str, date: str, euros: int, setups: str, colour: str, **more: str) -> Product:
    specs: dict[str, str | int | float] = {"build": more["build"]}
    if "screen" in more:
        specs["screen_in"] = float(more["screen"])
    row = Row("desktops", brand, model, date, euros, _source(brand), specs, more.get("nick", ""))
    made = product(row, configs(setups), colours(colour))
    return replace(made, form="monitor") if more["build"] == "All-in-one" else made


ALL_KEYS = "AZERTY, QWERTY, QWERTZ"

LAPTOPS: tuple[Product, ...] = (
    _laptop("Apple", "MacBook Air 13 (2017)", "2017-06-05", 1099, "Core i5/8/128, Core i5/8/256 +250", "Silver",
            screen="13.3", nick="mba 2017"),
    _laptop("Apple", "MacBook Air 13 Retina (2018)", "2018-11-07", 1349, "Core i5/8/128, Core i5/8/256 +250",
            "Space Grey=graphite, Silver, Gold", screen="13.3", nick="mba 2018"),
    _laptop("Apple", "MacBook Air 13 M1 (2020)", "2020-11-17", 1129, "M1/8/256, M1/8/512 +270",
            "Space Grey=graphite, Silver, Gold", screen="13.3", nick="mba m1, macbook m1"),
    _laptop("Apple", "MacBook Air 13 M2 (2022)", "2022-07-15", 1499, "M2/8/256, M2/8/512 +350",
            "Midnight, Starlight, Space Grey=graphite, Silver", screen="13.6", nick="mba m2, macbook m2"),
    _laptop("Apple", "MacBook Air 15 M2 (2023)", "2023-06-13", 1599, "M2/8/256, M2/8/512 +230",
            "Midnight, Starlight, Space Grey=graphite, Silver", screen="15.3", nick="mba 15"),
    _laptop("Apple", "MacBook Air 13 M3 (2024)", "2024-03-08", 1299, "M3/8/256, M3/8/512 +230",
            "Midnight, Starlight, Space Grey=graphite, Silver", screen="13.6", nick="mba m3, macbook m3"),
    _laptop("Apple", "MacBook Air 13 M4 (2025)", "2025-03-12", 1199, "M4/16/256, M4/16/512 +250",
            "Sky Blue=blue, Silver, Starlight, Midnight", screen="13.6", nick="mba m4, macbook m4"),
    _laptop("Apple", "MacBook Pro 13 (2017)", "2017-06-05", 1499, "Core i5/8/128, Core i5/8/256 +250",
            "Space Grey=graphite, Silver", screen="13.3", nick="mbp 2017"),
    _laptop("Apple", "MacBook Pro 13 M1 (2020)", "2020-11-17", 1449, "M1/8/256, M1/8/512 +230",
            "Space Grey=graphite, Silver", screen="13.3", nick="mbp m1"),
    _laptop("Apple", "MacBook Pro 16 (2019)", "2019-11-13", 2699, "Core i7/16/512, Core i9/16/1024 +500",
            "Space Grey=graphite, Silver", screen="16.0", nick="mbp 16"),
    _laptop("Apple", "MacBook Pro 14 M1 Pro (2021)", "2021-10-26", 2249, "M1 Pro/16/512, M1 Pro/16/1024 +500",
            "Space Grey=graphite, Silver", screen="14.2", nick="mbp 14 m1"),
    _laptop("Apple", "MacBook Pro 16 M1 Pro (2021)", "2021-10-26", 2749, "M1 Pro/16/512, M1 Pro/16/1024 +230",
            "Space Grey=graphite, Silver", screen="16.2", nick="mbp 16 m1"),
    _laptop("Apple", "MacBook Pro 14 M3 (2023)", "2023-11-07", 1899, "M3/8/512, M3/8/1024 +230",
            "Space Grey=graphite, Silver", screen="14.2", nick="mbp 14 m3"),
    _laptop("Microsoft", "Surface Laptop 4 13.5", "2021-04-27", 1129, "Ryzen 5/8/256, Core i5/8/512 +320",
            "Platinum=silver, Matte Black=black", screen="13.5", nick="surface laptop"),
    _laptop("Microsoft", "Surface Laptop 5 13.5", "2022-10-25", 1169, "Core i5/8/256, Core i5/8/512 +330",
            "Platinum=silver, Matte Black=black", screen="13.5", nick="surface laptop"),
    _laptop("Dell", "XPS 13 9310", "2020-10-01", 1399, "Core i5/8/512, Core i7/16/512 +300",
            "Platinum Silver=silver", screen="13.4", keys=ALL_KEYS, nick="xps13"),
    _laptop("Dell", "Latitude 7490", "2018-02-01", 1450, "Core i5/8/256, Core i7/16/512 +400", "Black",
            screen="14.0", keys=ALL_KEYS),
    _laptop("Dell", "Latitude 5420", "2021-02-01", 1250, "Core i5/8/256, Core i5/16/256 +150, Core i7/16/512 +400",
            "Titan Grey=grey", screen="14.0", keys=ALL_KEYS),
    _laptop("Lenovo", "ThinkPad T480", "2018-02-01", 1300, "Core i5/8/256, Core i5/16/512 +250, Core i7/16/512 +450",
            "Black", screen="14.0", keys=ALL_KEYS, nick="t480"),
    _laptop("Lenovo", "ThinkPad T14 Gen 1", "2020-06-01", 1250, "Core i5/8/256, Core i5/16/512 +250, Ryzen 5 Pro/16/512 +200",
            "Black", screen="14.0", keys=ALL_KEYS, nick="t14"),
    _laptop("Lenovo", "ThinkPad X1 Carbon Gen 9", "2021-03-01", 1750, "Core i5/16/512, Core i7/16/512 +250",
            "Black", screen="14.0", keys=ALL_KEYS, nick="x1 carbon"),
    _laptop("HP", "EliteBook 840 G6", "2019-06-01", 1400, "Core i5/8/256, Core i5/16/512 +250, Core i7/16/512 +450",
            "Silver", screen="14.0", keys=ALL_KEYS, nick="840 g6"),
    _laptop("HP", "EliteBook 840 G8", "2021-03-01", 1450, "Core i5/8/256, Core i5/16/512 +250", "Silver",
            screen="14.0", keys=ALL_KEYS, nick="840 g8"),
    _laptop("Asus", "ROG Zephyrus G14 (2020)", "2020-04-01", 1500, "Ryzen 7/16/512, Ryzen 9/16/1024 +400",
            "Eclipse Gray=grey, Moonlight White=white", screen="14.0", nick="g14"),
)  # fmt: skip

DESKTOPS: tuple[Product, ...] = (
    _desktop("Apple", "Mac mini M1 (2020)", "2020-11-17", 799, "M1/8/256, M1/8/512 +230", "Silver", build="Mini"),
    _desktop("Apple", "Mac mini M2 (2023)", "2023-01-24", 699, "M2/8/256, M2/8/512 +230, M2 Pro/16/512 +800",
             "Silver", build="Mini"),
    _desktop("Apple", "iMac 24-inch M1 (2021)", "2021-05-21", 1449, "M1/8/256, M1/8/512 +450",
             "Silver, Blue, Green, Pink", build="All-in-one", screen="23.5", nick="imac m1"),
    _desktop("Apple", "iMac 27-inch 5K (2020)", "2020-08-04", 2099, "Core i5/8/256, Core i5/8/512 +200, Core i7/8/512 +500",
             "Silver", build="All-in-one", screen="27.0", nick="imac 27"),
    _desktop("Apple", "Mac Studio (2022)", "2022-03-18", 2299, "M1 Max/32/512, M1 Max/32/1024 +230", "Silver", build="Mini"),
    _desktop("Dell", "OptiPlex 7060 Micro", "2018-06-01", 850, "Core i5/8/256, Core i5/16/512 +200", "Black",
             build="Mini", nick="optiplex"),
    _desktop("Dell", "OptiPlex 5080 SFF", "2020-06-01", 900, "Core i5/8/256, Core i7/16/512 +350", "Black",
             build="Compact", nick="optiplex"),
    _desktop("HP", "EliteDesk 800 G4 SFF", "2018-06-01", 900, "Core i5/8/256, Core i7/16/512 +350", "Black",
             build="Compact", nick="elitedesk"),
    _desktop("Lenovo", "ThinkCentre M720q Tiny", "2018-09-01", 750, "Core i3/8/256, Core i5/8/256 +100, Core i5/16/512 +300",
             "Black", build="Mini", nick="m720q"),
)  # fmt: skip
