# ruff: noqa: E501
"""Headphones, earphones and speakers, with the maker's launch price in France."""

from backmarket.management.seed_data.shapes import Product, Row, colours, product, texts

FRANCE = "{}, launch price in France"


def _headphones(brand: str, model: str, date: str, euros: int, spec: str, colour: str, nick: str = "") -> Product:
    """One model. `spec` is "fit / noise cancelling / charging port"; several ports make several variants."""
    fit, cancelling, charging = spec.split("/")
    specs = {"fit": fit, "noise_cancelling": cancelling}
    form = "earbuds" if fit == "In-ear" else "headphones"
    row = Row("headphones", brand, model, date, euros, FRANCE.format(brand), specs, nick, form)
    return product(row, texts("charging", charging), colours(colour))


def _speaker(brand: str, model: str, date: str, euros: int, power: str, colour: str, nick: str = "") -> Product:
    row = Row("speakers", brand, model, date, euros, FRANCE.format(brand), {"power": power}, nick)
    return product(row, colours(colour))


HEADPHONES: tuple[Product, ...] = (
    _headphones("Apple", "AirPods (2nd generation)", "2019-03-20", 179, "In-ear/No/Lightning", "White", "airpods 2"),
    _headphones("Apple", "AirPods (3rd generation)", "2021-10-26", 199, "In-ear/No/Lightning", "White", "airpods 3"),
    _headphones("Apple", "AirPods Pro", "2019-10-30", 279, "In-ear/Yes/Lightning", "White", "airpods pro 1"),
    _headphones("Apple", "AirPods Pro (2nd generation)", "2022-09-23", 299, "In-ear/Yes/Lightning, USB-C", "White", "airpods pro 2"),
    _headphones("Apple", "AirPods Max", "2020-12-15", 629, "Over-ear/Yes/Lightning",
                "Space Grey=graphite, Silver, Sky Blue=blue, Green, Pink", "airpods max"),
    _headphones("Sony", "WH-1000XM3", "2018-09-01", 380, "Over-ear/Yes/USB-C", "Black, Silver", "xm3"),
    _headphones("Sony", "WH-1000XM4", "2020-08-18", 380, "Over-ear/Yes/USB-C", "Black, Silver, Midnight Blue=midnight", "xm4"),
    _headphones("Sony", "WH-1000XM5", "2022-05-20", 420, "Over-ear/Yes/USB-C", "Black, Silver, Midnight Blue=midnight", "xm5"),
    _headphones("Sony", "WF-1000XM4", "2021-06-15", 280, "In-ear/Yes/USB-C", "Black, Silver", "wf xm4"),
    _headphones("Bose", "QuietComfort 35 II", "2017-09-21", 380, "Over-ear/Yes/Micro-USB", "Black, Silver", "qc35, qc 35 ii"),
    _headphones("Bose", "Noise Cancelling Headphones 700", "2019-06-30", 400, "Over-ear/Yes/USB-C",
                "Triple Black=black, Luxe Silver=silver", "nc700"),
    _headphones("Bose", "QuietComfort 45", "2021-09-23", 350, "Over-ear/Yes/USB-C", "Triple Black=black, White Smoke=white", "qc45"),
    _headphones("Samsung", "Galaxy Buds2 Pro", "2022-08-26", 229, "In-ear/Yes/USB-C",
                "Graphite, White, Bora Purple=lavender", "buds 2 pro"),
    _headphones("Beats", "Studio3 Wireless", "2017-10-18", 350, "Over-ear/Yes/Micro-USB", "Matte Black=black, White, Blue", "beats studio 3"),
)  # fmt: skip

SPEAKERS: tuple[Product, ...] = (
    _speaker("Sonos", "One (Gen 2)", "2019-03-07", 229, "Mains", "Black, White", "sonos one"),
    _speaker("Sonos", "Move", "2019-09-24", 399, "Battery", "Black, Lunar White=white", "sonos move"),
    _speaker("Sonos", "Roam", "2021-04-20", 179, "Battery", "Black, White", "sonos roam"),
    _speaker("Apple", "HomePod mini", "2020-11-16", 99, "Mains", "Space Grey=graphite, White, Blue, Yellow, Orange", "homepod"),
    _speaker("JBL", "Charge 5", "2021-04-01", 180, "Battery", "Black, Blue, Red, Teal=green, Grey", "jbl charge"),
)  # fmt: skip
