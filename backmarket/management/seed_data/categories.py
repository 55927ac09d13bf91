# ruff: noqa: E501
"""The device categories: what distinguishes a variant, how it is drawn, and what a second life saves.

Impact factors are per year of further use. Those measured are quoted from their study; the others are our
own extrapolation, say so in `source`, and carry a wide range.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_noop as _

from backmarket.management.seed_data.shapes import COLOUR_FAMILIES

CONDITIONS = (
    "FUNCTIONAL_FLAWLESS", "FUNCTIONAL_GOOD", "FUNCTIONAL_USED", "FUNCTIONAL_CRACKED",
    "NOT_FUNCTIONAL_USED", "NOT_FUNCTIONAL_CRACKED",
)  # fmt: skip
GRADES = ("PREMIUM", "EXCELLENT", "GOOD", "FAIR")


@dataclass(frozen=True)
class Attribute:
    """A fact of a variant. `kind` is number, text or choice; a facet can be filtered by."""

    key: str
    label: str
    kind: str
    unit: str = ""
    facet: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Impact:
    """What one further year of use avoids, in grams, with its range, its source and the years assumed."""

    co2e_g: int
    co2e_low_g: int
    co2e_high_g: int
    material_g: int
    ewaste_g: int
    years_gained: int
    source: str
    measured: bool


@dataclass(frozen=True)
class Item:
    """A thing that people look for in the parcel, and whether it is there."""

    text: str
    included: bool = True


@dataclass(frozen=True)
class Category:
    slug: str
    name: str
    singular: str
    french: str
    synonyms: tuple[str, ...]
    form: str
    identifier: str
    """"imei" or "serial"."""
    attributes: tuple[Attribute, ...]
    impact: Impact
    box: tuple[Item, ...]
    position: int


COLOUR = Attribute("colour", _("Colour"), "text")
FAMILY = Attribute(
    "colour_family",
    _("Colour family"),
    "choice",
    facet=True,
    choices=tuple(sorted(set(COLOUR_FAMILIES.values()))),
)
STORAGE = Attribute("storage_gb", _("Storage"), "number", "GB", facet=True)
MEMORY = Attribute("memory_gb", _("Memory"), "number", "GB", facet=True)
SCREEN = Attribute("screen_in", _("Screen size"), "number", "in", facet=True)
BATTERY = Attribute("battery_mah", _("Battery"), "number", "mAh")
PROCESSOR = Attribute("processor", _("Processor"), "text", facet=True)
RESOLUTION = Attribute(
    "resolution", _("Resolution"), "choice", facet=True, choices=("HD", "Full HD", "WQHD", "4K", "5K", "8K")
)
REFRESH = Attribute("refresh_hz", _("Refresh rate"), "number", "Hz", facet=True)


def _choice(key: str, label: str, *choices: str) -> Attribute:
    return Attribute(key, label, "choice", facet=True, choices=choices)


ADEME = "ADEME, Évaluation de l'impact environnemental d'un ensemble de produits reconditionnés, 2022"
FROM_PHONE = _("Our extrapolation from the ADEME 2022 figure for smartphones, not a measurement")
FROM_LAPTOP = _("Our extrapolation from the ADEME 2022 figure for laptops, not a measurement")
FROM_TELEVISION = _(
    "Our extrapolation from Carbone 4 (making one 32-inch television: about 1.2 t CO2e), shared out over "
    "ten years of a first life, not a measurement"
)


CABLE = Item(_("Charging cable, the maker's own or certified, tested"))
CHARGER = Item(_("Mains charger of the rated power, the maker's own or certified, tested"))
MAINS_CABLE = Item(_("Mains cable or power supply, tested"))
CARE = Item(_("Getting-started card and how to reach the plant"))
NO_ADAPTER = Item(_("Mains adapter: any USB adapter you have will do"), included=False)
NO_EARPHONES = Item(_("Earphones"), included=False)
NO_CASE = Item(_("The maker's own box: it travels in a plain, recycled one"), included=False)
BOXES: Mapping[str, tuple[Item, ...]] = {
    "smartphones": (CABLE, Item(_("SIM pin, where the tray needs one")), CARE, NO_ADAPTER, NO_EARPHONES, NO_CASE),
    "tablets": (CABLE, CARE, NO_ADAPTER, Item(_("Pen and keyboard"), included=False), NO_CASE),
    "laptops": (CHARGER, CARE, Item(_("Mouse and bag"), included=False), NO_CASE),
    "desktops": (MAINS_CABLE, CARE, Item(_("Screen, keyboard and mouse, unless built in"), included=False), NO_CASE),
    "monitors": (MAINS_CABLE, Item(_("The stand, and one video cable")), CARE, NO_CASE),
    "televisions": (MAINS_CABLE, Item(_("Remote control with batteries, paired and tested")), Item(_("The feet and their screws")), CARE, Item(_("Wall mount"), included=False)),
    "consoles": (MAINS_CABLE, Item(_("One controller, or the pair that belongs to it, tested")), Item(_("Video cable, where it uses one")), CARE, Item(_("Games"), included=False), NO_CASE),
    "headphones": (CABLE, Item(_("Fresh ear tips or pads, cleaned")), Item(_("Charging case, for earphones without a cable")), CARE, NO_ADAPTER, NO_CASE),
    "watches": (Item(_("Charger of the watch, tested")), Item(_("One strap, unused")), CARE, NO_ADAPTER, NO_CASE),
    "cameras": (Item(_("Battery and charger, tested")), Item(_("Body cap, and the lens where the offer names one")), CARE, Item(_("Memory card"), included=False), NO_CASE),
    "speakers": (Item(_("Power cable or charging cable, tested")), CARE, NO_CASE),
    "e-readers": (CABLE, CARE, NO_ADAPTER, Item(_("Cover"), included=False), NO_CASE),
}  # fmt: skip


def _category(
    position: int, slug: str, names: tuple[str, str, str], drawn: tuple[str, str], **more: object
) -> Category:
    name, singular, french = names
    form, identifier = drawn
    return Category(slug=slug, name=name, singular=singular, french=french, form=form, identifier=identifier,
                    box=BOXES[slug], position=position, **more)  # type: ignore[arg-type]  # fmt: skip


CATEGORIES: tuple[Category, ...] = (
    _category(
        1, "smartphones", (_("Smartphones"), _("Smartphone"), "Téléphones portables"), ("phone", "imei"),
        synonyms=("phone", "mobile", "téléphone", "portable", "smartphone", "cell phone", "gsm"),
        attributes=(STORAGE, COLOUR, FAMILY, _choice("connectivity", _("Network"), "4G", "5G"), SCREEN, MEMORY, BATTERY),
        impact=Impact(24_600, 18_000, 30_000, 76_900, 0, 2, ADEME, True),
    ),
    _category(
        2, "tablets", (_("Tablets"), _("Tablet"), "Tablettes"), ("tablet", "serial"),
        synonyms=("tablet", "tablette", "slate"),
        attributes=(STORAGE, COLOUR, FAMILY, _choice("connectivity", _("Connectivity"), "Wi-Fi", "Wi-Fi + Cellular"),
                    SCREEN, MEMORY, PROCESSOR),
        impact=Impact(25_000, 12_000, 35_000, 90_000, 0, 3, FROM_LAPTOP, False),
    ),
    _category(
        3, "laptops", (_("Laptops"), _("Laptop"), "Ordinateurs portables"), ("laptop", "serial"),
        synonyms=("laptop", "notebook", "ordinateur portable", "pc portable"),
        attributes=(PROCESSOR, MEMORY, STORAGE, SCREEN, COLOUR, FAMILY,
                    _choice("keyboard", _("Keyboard"), "AZERTY", "QWERTY", "QWERTZ")),
        impact=Impact(27_000, 20_000, 36_000, 127_000, 314, 3, ADEME, True),
    ),
    _category(
        4, "desktops", (_("Desktop computers"), _("Desktop computer"), "Ordinateurs de bureau"), ("desktop", "serial"),
        synonyms=("desktop", "pc", "computer", "ordinateur", "unité centrale", "mini pc"),
        attributes=(PROCESSOR, MEMORY, STORAGE, _choice("build", _("Build"), "Tower", "Compact", "Mini", "All-in-one"),
                    SCREEN, COLOUR, FAMILY),
        impact=Impact(32_000, 15_000, 55_000, 150_000, 500, 4, FROM_LAPTOP, False),
    ),
    _category(
        5, "monitors", (_("Monitors"), _("Monitor"), "Écrans"), ("monitor", "serial"),
        synonyms=("monitor", "screen", "display", "écran", "moniteur"),
        attributes=(SCREEN, RESOLUTION, _choice("panel", _("Panel"), "IPS", "VA", "TN", "OLED"), REFRESH,
                    Attribute("ports", _("Ports"), "text"), COLOUR, FAMILY,
                    _choice("stand", _("Stand"), "Tilt", "Height-adjustable")),
        impact=Impact(25_000, 10_000, 45_000, 100_000, 400, 4, FROM_TELEVISION, False),
    ),
    _category(
        6, "televisions", (_("Televisions"), _("Television"), "Télévisions"), ("television", "serial"),
        synonyms=("tv", "television", "télé", "télévision", "téléviseur", "smart tv"),
        attributes=(SCREEN, RESOLUTION, _choice("panel", _("Panel"), "LED", "QLED", "Mini-LED", "OLED", "QD-OLED"),
                    REFRESH, Attribute("system", _("Smart system"), "text", facet=True), COLOUR, FAMILY),
        impact=Impact(120_000, 50_000, 170_000, 250_000, 1_500, 4, FROM_TELEVISION, False),
    ),
    _category(
        7, "consoles", (_("Games consoles"), _("Games console"), "Consoles de jeux"), ("console", "serial"),
        synonyms=("console", "jeux vidéo", "gaming"),
        attributes=(STORAGE, COLOUR, FAMILY, _choice("drive", _("Disc drive"), "With disc drive", "Digital", "Cartridge"),
                    SCREEN),
        impact=Impact(18_000, 8_000, 32_000, 70_000, 300, 4, FROM_LAPTOP, False),
    ),
    _category(
        8, "headphones", (_("Headphones and earphones"), _("Headphones"), "Casques et écouteurs"), ("headphones", "serial"),
        synonyms=("headphones", "earphones", "earbuds", "casque", "écouteurs", "sans fil", "wireless", "bluetooth"),
        attributes=(_choice("fit", _("Fit"), "Over-ear", "On-ear", "In-ear"),
                    _choice("noise_cancelling", _("Noise cancelling"), "Yes", "No"),
                    _choice("charging", _("Charging port"), "USB-C", "Lightning", "Micro-USB"), COLOUR, FAMILY),
        impact=Impact(4_000, 1_500, 9_000, 12_000, 60, 3, FROM_PHONE, False),
    ),
    _category(
        9, "watches", (_("Smartwatches"), _("Smartwatch"), "Montres connectées"), ("watch", "serial"),
        synonyms=("watch", "smartwatch", "montre", "montre connectée"),
        attributes=(Attribute("case_mm", _("Case size"), "number", "mm", facet=True), COLOUR, FAMILY,
                    _choice("connectivity", _("Connectivity"), "GPS", "GPS + Cellular"),
                    _choice("material", _("Case material"), "Aluminium", "Stainless steel", "Titanium", "Polymer")),
        impact=Impact(9_000, 4_000, 16_000, 25_000, 50, 3, FROM_PHONE, False),
    ),
    _category(
        10, "cameras", (_("Cameras"), _("Camera"), "Appareils photo"), ("camera", "serial"),
        synonyms=("camera", "appareil photo", "reflex", "hybride", "mirrorless", "dslr"),
        attributes=(_choice("sensor", _("Sensor"), "Full frame", "APS-C", "Micro Four Thirds", "1-inch", "1/1.9-inch",
                            "1/2.3-inch"),
                    Attribute("megapixels", _("Resolution"), "number", "MP", facet=True),
                    Attribute("kit", _("Kit"), "text", facet=True), COLOUR, FAMILY),
        impact=Impact(14_000, 5_000, 28_000, 50_000, 250, 4, FROM_PHONE, False),
    ),
    _category(
        11, "speakers", (_("Speakers"), _("Speaker"), "Enceintes"), ("speaker", "serial"),
        synonyms=("speaker", "enceinte", "bluetooth speaker"),
        attributes=(_choice("power", _("Power"), "Battery", "Mains"), COLOUR, FAMILY),
        impact=Impact(6_000, 2_000, 14_000, 20_000, 200, 4, FROM_PHONE, False),
    ),
    _category(
        12, "e-readers", (_("E-readers"), _("E-reader"), "Liseuses"), ("ereader", "serial"),
        synonyms=("e-reader", "ereader", "liseuse", "ebook"),
        attributes=(STORAGE, SCREEN, COLOUR, FAMILY),
        impact=Impact(9_000, 4_000, 17_000, 30_000, 80, 3, FROM_PHONE, False),
    ),
)  # fmt: skip
CATEGORY_BY_SLUG: Mapping[str, Category] = {category.slug: category for category in CATEGORIES}
