# ruff: noqa: E501
"""Cameras, with the maker's European list price of the body (or of the set) at launch."""

from backmarket.management.seed_data.shapes import Product, Row, colours, product, texts

EUROPE = "{}, European list price at launch, rounded"


def _camera(brand: str, model: str, date: str, euros: int, spec: str, kits: str, **more: str) -> Product:
    """One model. `spec` is "sensor / megapixels" (a sensor written 1:2.3 is 1/2.3-inch)."""
    sensor, megapixels = spec.split("/")
    specs = {
        "sensor": f"1/{sensor[2:]}-inch" if sensor.startswith("1:") else sensor,
        "megapixels": float(megapixels),
    }
    row = Row("cameras", brand, model, date, euros, EUROPE.format(brand), specs, more.get("nick", ""))
    return product(row, texts("kit", kits), colours(more.get("colour", "Black")))


CAMERAS: tuple[Product, ...] = (
    _camera("Sony", "Alpha 7 III", "2018-04-10", 2300, "Full frame/24.2", "Body only, With 28-70 mm +200", nick="a7iii, a7 iii"),
    _camera("Sony", "Alpha 7 IV", "2021-12-01", 2800, "Full frame/33", "Body only, With 28-70 mm +200", nick="a7iv, a7 iv"),
    _camera("Sony", "Alpha 6400", "2019-02-15", 1050, "APS-C/24.2", "Body only, With 16-50 mm +100, With 18-135 mm +400", nick="a6400"),
    _camera("Sony", "ZV-1", "2020-06-15", 800, "1-inch/20.1", "Camera", colour="Black, White"),
    _camera("Canon", "EOS R", "2018-10-09", 2500, "Full frame/30.3", "Body only, With 24-105 mm +1100"),
    _camera("Canon", "EOS R6", "2020-08-27", 2700, "Full frame/20.1", "Body only, With 24-105 mm STM +300"),
    _camera("Canon", "EOS 250D", "2019-04-25", 600, "APS-C/24.1", "Body only, With 18-55 mm +100", colour="Black, White, Silver"),
    _camera("Canon", "EOS M50", "2018-03-26", 580, "APS-C/24.1", "Body only, With 15-45 mm +120", colour="Black, White"),
    _camera("Nikon", "Z6", "2018-11-16", 2300, "Full frame/24.5", "Body only, With 24-70 mm +600"),
    _camera("Nikon", "D7500", "2017-06-01", 1500, "APS-C/20.9", "Body only, With 18-140 mm +300"),
    _camera("Fujifilm", "X-T3", "2018-09-20", 1500, "APS-C/26.1", "Body only, With 18-55 mm +400", colour="Black, Silver", nick="xt3"),
    _camera("Fujifilm", "X100V", "2020-02-27", 1500, "APS-C/26.1", "Camera", colour="Black, Silver"),
    _camera("GoPro", "HERO9 Black", "2020-09-16", 480, "1:2.3/23.6", "Camera, With spare battery and grip +70", nick="gopro 9"),
    _camera("GoPro", "HERO11 Black", "2022-09-14", 550, "1:1.9/27", "Camera, With spare battery and grip +60", nick="gopro 11"),
)  # fmt: skip
