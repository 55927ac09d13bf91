# ruff: noqa: E501
"""Monitors and televisions, with the maker's European list price at launch.

Dealers set the prices of screens; the figures are list prices, rounded, and their source says so.
"""

from backmarket.management.seed_data.shapes import Product, Row, colours, numbers, product, texts

EUROPE = "{}, European list price at launch, rounded"
FRANCE = "{}, launch price in France"


def _monitor(brand: str, model: str, date: str, euros: int, spec: str, colour: str = "Black", **more: str) -> Product:
    """One model. `spec` is "inches / resolution / panel / Hz / ports"; a stand is part of what was sold."""
    screen, resolution, panel, hertz, ports = spec.split("/")
    specs = {
        "screen_in": float(screen),
        "resolution": resolution,
        "panel": panel,
        "refresh_hz": int(hertz),
        "ports": ports,
    }
    source = (FRANCE if brand == "Apple" else EUROPE).format(brand)
    row = Row("monitors", brand, model, date, euros, source, specs, more.get("nick", ""))
    return product(row, texts("stand", more.get("stand", "Height-adjustable")), colours(colour))


def _television(brand: str, model: str, date: str, euros: int, sizes: str, spec: str) -> Product:
    """One model in its sizes in inches. `spec` is "resolution / panel / Hz / smart system"."""
    resolution, panel, hertz, system = spec.split("/")
    specs = {"resolution": resolution, "panel": panel, "refresh_hz": int(hertz), "system": system}
    row = Row("televisions", brand, model, date, euros, EUROPE.format(brand), specs)
    return product(row, numbers("screen_in", sizes), colours("Black"))


MONITORS: tuple[Product, ...] = (
    _monitor("Dell", "UltraSharp U2419H", "2018-09-01", 280, "24/Full HD/IPS/60/HDMI + DisplayPort + USB", "Black, Silver"),
    _monitor("Dell", "UltraSharp U2720Q", "2020-03-01", 640, "27/4K/IPS/60/HDMI + DisplayPort + USB-C", "Silver"),
    _monitor("Dell", "P2419H", "2018-09-01", 230, "24/Full HD/IPS/60/HDMI + DisplayPort + VGA"),
    _monitor("HP", "EliteDisplay E243", "2018-03-01", 240, "24/Full HD/IPS/60/HDMI + DisplayPort + VGA", "Silver"),
    _monitor("LG", "UltraFine 27UN880", "2020-06-01", 600, "27/4K/IPS/60/HDMI + DisplayPort + USB-C", "White", nick="ergo"),
    _monitor("LG", "UltraGear 27GL850", "2019-07-01", 500, "27/WQHD/IPS/144/HDMI + DisplayPort"),
    _monitor("Samsung", "Odyssey G7 C27G75T", "2020-06-01", 650, "27/WQHD/VA/240/HDMI + DisplayPort"),
    _monitor("Apple", "Studio Display", "2022-03-18", 1749, "27/5K/IPS/60/Thunderbolt + USB-C", "Silver",
             stand="Tilt, Height-adjustable +460"),
)  # fmt: skip

TELEVISIONS: tuple[Product, ...] = (
    _television("LG", "OLED C9", "2019-04-01", 2500, "55, 65 +1000", "4K/OLED/120/webOS"),
    _television("LG", "OLED CX", "2020-04-01", 1800, "48, 55 +200, 65 +1000", "4K/OLED/120/webOS"),
    _television("LG", "OLED C1", "2021-04-01", 1500, "48, 55 +300, 65 +1100, 77 +2500", "4K/OLED/120/webOS"),
    _television("LG", "OLED C2", "2022-04-01", 1500, "42, 48 +100, 55 +500, 65 +1300", "4K/OLED/120/webOS"),
    _television("Samsung", "QLED Q80T", "2020-04-01", 1500, "55, 65 +500", "4K/QLED/120/Tizen"),
    _television("Samsung", "Neo QLED QN90A", "2021-04-01", 1800, "50, 55 +200, 65 +900", "4K/Mini-LED/120/Tizen"),
    _television("Samsung", "The Frame (2021)", "2021-05-01", 700, "32, 43 +300, 50 +500, 55 +700", "4K/QLED/60/Tizen"),
    _television("Sony", "Bravia XR A80J", "2021-05-01", 2000, "55, 65 +700", "4K/OLED/120/Google TV"),
    _television("Sony", "Bravia XH90", "2020-05-01", 1300, "55, 65 +400, 75 +1100", "4K/LED/120/Android TV"),
    _television("Philips", "OLED 806", "2021-09-01", 1600, "48, 55 +300, 65 +900", "4K/OLED/120/Android TV"),
    _television("TCL", "C825", "2021-06-01", 1300, "55, 65 +400", "4K/Mini-LED/120/Android TV"),
)  # fmt: skip
