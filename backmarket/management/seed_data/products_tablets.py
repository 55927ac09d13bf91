# ruff: noqa: E501
"""Tablets and e-readers: models, variants and launch prices in France, VAT and private-copy levy included."""

from backmarket.management.seed_data.shapes import Product, Row, colours, numbers, product, texts

FRANCE = "{}, launch price in France"


def _tablet(brand: str, model: str, date: str, euros: int, storage: str, colour: str, **more: str) -> Product:
    """One model. `spec` is "screen in inches / memory in GB / processor"; `cellular` is its price in euros."""
    screen, memory, processor = more["spec"].split("/")
    specs = {"screen_in": float(screen), "memory_gb": int(memory), "processor": processor}
    row = Row(
        "tablets", brand, model, date, euros, FRANCE.format(brand), specs, more.get("nick", ""), more.get("form", "")
    )
    wifi = f"Wi-Fi, Wi-Fi + Cellular +{more['cellular']}" if "cellular" in more else "Wi-Fi"
    return product(row, numbers("storage_gb", storage), texts("connectivity", wifi), colours(colour))


def _reader(brand: str, model: str, date: str, euros: int, storage: str, colour: str, **more: str) -> Product:
    row = Row(
        "e-readers",
        brand,
        model,
        date,
        euros,
        FRANCE.format(brand),
        {"screen_in": float(more["screen"])},
        more["nick"],
    )
    return product(row, numbers("storage_gb", storage), colours(colour))


TABLETS: tuple[Product, ...] = (
    _tablet("Apple", "iPad (2018)", "2018-03-27", 359, "32, 128 +90", "Space Grey=graphite, Silver, Gold",
            spec="9.7/2/A10 Fusion", cellular="130", form="tablet-home", nick="ipad 6"),
    _tablet("Apple", "iPad (2019)", "2019-09-30", 389, "32, 128 +100", "Space Grey=graphite, Silver, Gold",
            spec="10.2/3/A10 Fusion", cellular="140", form="tablet-home", nick="ipad 7"),
    _tablet("Apple", "iPad (2020)", "2020-09-18", 389, "32, 128 +100", "Space Grey=graphite, Silver, Gold",
            spec="10.2/3/A12 Bionic", cellular="140", form="tablet-home", nick="ipad 8"),
    _tablet("Apple", "iPad (2021)", "2021-09-24", 389, "64, 256 +170", "Space Grey=graphite, Silver",
            spec="10.2/3/A13 Bionic", cellular="140", form="tablet-home", nick="ipad 9"),
    _tablet("Apple", "iPad (2022)", "2022-10-26", 589, "64, 256 +200", "Blue, Pink, Yellow, Silver",
            spec="10.9/4/A14 Bionic", cellular="200", nick="ipad 10"),
    _tablet("Apple", "iPad Air (2019)", "2019-03-18", 569, "64, 256 +170", "Space Grey=graphite, Silver, Gold",
            spec="10.5/3/A12 Bionic", cellular="140", form="tablet-home", nick="ipad air 3"),
    _tablet("Apple", "iPad Air (2020)", "2020-10-23", 669, "64, 256 +170",
            "Space Grey=graphite, Silver, Rose Gold, Green, Sky Blue=blue", spec="10.9/4/A14 Bionic", cellular="140", nick="ipad air 4"),
    _tablet("Apple", "iPad Air (2022)", "2022-03-18", 699, "64, 256 +170",
            "Space Grey=graphite, Starlight, Pink, Purple, Blue", spec="10.9/8/M1", cellular="170", nick="ipad air 5"),
    _tablet("Apple", "iPad Air 11-inch (2024)", "2024-05-15", 719, "128, 256 +130",
            "Space Grey=graphite, Starlight, Purple, Blue", spec="11.0/8/M2", cellular="170", nick="ipad air m2"),
    _tablet("Apple", "iPad mini (2019)", "2019-03-18", 459, "64, 256 +170", "Space Grey=graphite, Silver, Gold",
            spec="7.9/3/A12 Bionic", cellular="140", form="tablet-home", nick="ipad mini 5"),
    _tablet("Apple", "iPad mini (2021)", "2021-09-24", 559, "64, 256 +170",
            "Space Grey=graphite, Pink, Purple, Starlight", spec="8.3/4/A15 Bionic", cellular="170", nick="ipad mini 6"),
    _tablet("Apple", "iPad Pro 11-inch (2018)", "2018-11-07", 899, "64, 256 +170", "Space Grey=graphite, Silver",
            spec="11.0/4/A12X Bionic", cellular="170", nick="ipad pro 11"),
    _tablet("Apple", "iPad Pro 11-inch (2021)", "2021-05-21", 899, "128, 256 +110", "Space Grey=graphite, Silver",
            spec="11.0/8/M1", cellular="170", nick="ipad pro m1"),
    _tablet("Apple", "iPad Pro 12.9-inch (2021)", "2021-05-21", 1219, "128, 256 +110", "Space Grey=graphite, Silver",
            spec="12.9/8/M1", cellular="170", nick="ipad pro m1 12.9"),
    _tablet("Apple", "iPad Pro 11-inch (2022)", "2022-10-26", 1069, "128, 256 +130", "Space Grey=graphite, Silver",
            spec="11.0/8/M2", cellular="200", nick="ipad pro m2"),
    _tablet("Samsung", "Galaxy Tab S6 Lite", "2020-05-15", 399, "64", "Oxford Gray=grey, Angora Blue=blue, Chiffon Pink=pink",
            spec="10.4/4/Exynos 9611", cellular="60", nick="tab s6 lite"),
    _tablet("Samsung", "Galaxy Tab S7", "2020-08-21", 699, "128", "Mystic Black=black, Mystic Silver=silver, Mystic Bronze=rose gold",
            spec="11.0/6/Snapdragon 865+", cellular="100", nick="tab s7"),
    _tablet("Samsung", "Galaxy Tab S8", "2022-02-25", 749, "128, 256 +50", "Graphite, Silver, Pink Gold=rose gold",
            spec="11.0/8/Snapdragon 8 Gen 1", nick="tab s8"),
    _tablet("Samsung", "Galaxy Tab S9", "2023-08-11", 929, "128, 256 +120", "Graphite, Beige=starlight",
            spec="11.0/8/Snapdragon 8 Gen 2", nick="tab s9"),
)  # fmt: skip

EREADERS: tuple[Product, ...] = (
    _reader("Amazon", "Kindle Paperwhite (2018)", "2018-11-07", 129, "8, 32 +30", "Black, Twilight Blue=blue",
            screen="6.0", nick="paperwhite 4"),
    _reader("Amazon", "Kindle Paperwhite (2021)", "2021-10-27", 139, "8, 16 +10", "Black, Denim=blue",
            screen="6.8", nick="paperwhite 5"),
    _reader("Amazon", "Kindle Oasis (2019)", "2019-07-24", 249, "8, 32 +30", "Graphite, Champagne Gold=gold",
            screen="7.0", nick="oasis 3"),
    _reader("Kobo", "Clara HD", "2018-06-05", 129, "8", "Black, White", screen="6.0", nick="clara"),
    _reader("Kobo", "Libra 2", "2021-10-19", 189, "32", "Black, White", screen="7.0", nick="libra"),
)  # fmt: skip
