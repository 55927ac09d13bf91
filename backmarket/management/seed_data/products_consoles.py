# ruff: noqa: E501
"""Games consoles, with the maker's launch price in France."""

from backmarket.management.seed_data.shapes import Product, Row, colours, numbers, product

FRANCE = "{}, launch price in France"


def _console(
    brand: str, model: str, date: str, euros: int, storage: str, drive: str, colour: str, **more: str
) -> Product:
    specs: dict[str, str | int | float] = {"drive": drive}
    if "screen" in more:
        specs["screen_in"] = float(more["screen"])
    form = "handheld" if "screen" in more else "console"
    row = Row("consoles", brand, model, date, euros, FRANCE.format(brand), specs, more.get("nick", ""), form)
    return product(row, numbers("storage_gb", storage), colours(colour))


WITH_DRIVE, DIGITAL, CARTRIDGE = "With disc drive", "Digital", "Cartridge"

CONSOLES: tuple[Product, ...] = (
    _console("Sony", "PlayStation 4 Slim", "2016-09-15", 300, "500, 1000 +50", WITH_DRIVE, "Jet Black=black, Glacier White=white", nick="ps4, ps4 slim"),
    _console("Sony", "PlayStation 4 Pro", "2016-11-10", 400, "1000", WITH_DRIVE, "Jet Black=black, Glacier White=white", nick="ps4 pro"),
    _console("Sony", "PlayStation 5", "2020-11-19", 500, "825", WITH_DRIVE, "White", nick="ps5"),
    _console("Sony", "PlayStation 5 Digital Edition", "2020-11-19", 400, "825", DIGITAL, "White", nick="ps5 digital"),
    _console("Microsoft", "Xbox One X", "2017-11-07", 500, "1000", WITH_DRIVE, "Black, Robot White=white", nick="xbox one x"),
    _console("Microsoft", "Xbox Series X", "2020-11-10", 500, "1000", WITH_DRIVE, "Black", nick="xsx"),
    _console("Microsoft", "Xbox Series S", "2020-11-10", 300, "512", DIGITAL, "Robot White=white", nick="xss"),
    _console("Nintendo", "Switch", "2017-03-03", 330, "32", CARTRIDGE, "Grey Joy-Con=grey, Neon Red and Blue Joy-Con=red",
             screen="6.2", nick="switch v1"),
    _console("Nintendo", "Switch Lite", "2019-09-20", 220, "32", CARTRIDGE, "Grey, Turquoise=mint, Yellow, Coral", screen="5.5", nick="switch mini"),
    _console("Nintendo", "Switch OLED", "2021-10-08", 350, "64", CARTRIDGE, "White Joy-Con=white, Neon Red and Blue Joy-Con=red",
             screen="7.0", nick="switch oled"),
    _console("Valve", "Steam Deck", "2022-02-28", 419, "64, 256 +130, 512 +260", DIGITAL, "Black", screen="7.0", nick="steamdeck"),
)  # fmt: skip
