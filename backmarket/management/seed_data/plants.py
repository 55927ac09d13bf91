# ruff: noqa: E501
"""Thirty refurbishing plants, all invented: names, streets, numbers and people behind them do not exist.

Registration and VAT numbers have their country's pattern and a run of zeros; telephone numbers come from the
ranges that regulators reserve for fiction (France, Ireland, Sweden), and are absent where there is none.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_noop as _

from backmarket.management.seed_data.shapes import slugify


@dataclass(frozen=True)
class Plant:
    """`price_level` and `quality_level` (0 to 100) steer what the demo makes of it: dear, good."""

    slug: str
    name: str
    legal_name: str
    legal_form: str
    registration: str
    vat_number: str
    street: str
    postcode: str
    city: str
    country: str
    phone: str
    founded: int
    technicians: int
    expertise: tuple[str, ...]
    price_level: int
    quality_level: int
    support_hours: str
    inspection_hours: int
    """Median hours of work from receipt to inspection."""
    story: str

    @property
    def email(self) -> str:
        return f"hello@{self.slug}.example"

    @property
    def website(self) -> str:
        return f"https://{self.slug}.example/"


FORMS: Mapping[str, str] = {
    "FR": "SAS", "DE": "GmbH", "ES": "S.L.", "IT": "S.r.l.", "BE": "SRL", "NL": "B.V.", "PT": "Lda.",
    "PL": "Sp. z o.o.", "IE": "Ltd", "SE": "AB", "AT": "GmbH", "DK": "ApS", "CZ": "s.r.o.",
}  # fmt: skip
REGISTRATIONS: Mapping[str, str] = {
    "FR": "RCS {city} 000 000 {n:03}", "DE": "HRB 000{n:03} {city}", "ES": "Registro Mercantil de {city}, B-00000{n:03}",
    "IT": "REA 0000{n:03}", "BE": "BCE 0000.000.{n:03}", "NL": "KVK 00000{n:03}", "PT": "NIPC 000000{n:03}",
    "PL": "KRS 0000000{n:03}", "IE": "CRO 000{n:03}", "SE": "Org.nr 000000-0{n:03}", "AT": "FN 000{n:03}a",
    "DK": "CVR 00000{n:03}", "CZ": "IČO 00000{n:03}",
}  # fmt: skip
VAT_NUMBERS: Mapping[str, str] = {
    "FR": "FR00000000{n:03}", "DE": "DE000000{n:03}", "ES": "ESB00000{n:03}", "IT": "IT00000000{n:03}",
    "BE": "BE0000000{n:03}", "NL": "NL000000{n:03}B01", "PT": "PT000000{n:03}", "PL": "PL0000000{n:03}",
    "IE": "IE0000{n:03}A", "SE": "SE000000{n:03}001", "AT": "ATU00000{n:03}", "DK": "DK00000{n:03}", "CZ": "CZ00000{n:03}",
}  # fmt: skip
FICTIONAL_PHONES: Mapping[str, str] = {
    "FR": "+3319900{n:04}",
    "IE": "+35320910{n:04}",
    "SE": "+463139006{n:02}",
}

P, T, L, D, M, V = "smartphones", "tablets", "laptops", "desktops", "monitors", "televisions"
C, H, W, K, S, E = "consoles", "headphones", "watches", "cameras", "speakers", "e-readers"


def _plant(n: int, name: str, place: tuple[str, str, str, str], expertise: tuple[str, ...], **more: object) -> Plant:
    """The `n`th plant; `place` is street, postcode, city and country."""
    street, postcode, city, country = place
    form = FORMS[country]
    slug = slugify(name.replace("&", "and"))
    return Plant(
        slug=slug, name=name, legal_name=f"{name} {form}", legal_form=form,
        registration=REGISTRATIONS[country].format(city=city, n=n), vat_number=VAT_NUMBERS[country].format(n=n),
        street=street, postcode=postcode, city=city, country=country,
        phone=FICTIONAL_PHONES.get(country, "").format(n=n), expertise=expertise, **more,  # type: ignore[arg-type]
    )  # fmt: skip


EARLY, OFFICE, LONG = _("Mon–Fri 8:00–17:00"), _("Mon–Fri 9:00–18:00"), _("Mon–Sat 8:00–20:00")

PLANTS: tuple[Plant, ...] = (
    _plant(1, "Atelier Brindille", ("12 rue des Saules Neufs", "35000", "Rennes", "FR"), (P, T, W), founded=2011, technicians=42,
           price_level=62, quality_level=94, support_hours=LONG, inspection_hours=5,
           story=_("Four bench technicians started Atelier Brindille in a former bakery. Today forty-two of them open, clean and test every phone by hand, and each parcel carries the first name of the person who signed it off.")),
    _plant(2, "Secondélan", ("48 quai de la Grue", "44200", "Nantes", "FR"), (P, T, H), founded=2014, technicians=65,
           price_level=48, quality_level=86, support_hours=OFFICE, inspection_hours=8,
           story=_("Secondélan buys back company fleets and single phones alike. Its screen laboratory separates glass from panel, so that an original display is repaired instead of replaced.")),
    _plant(3, "Fabrique Ricochet", ("3 allée du Tissage", "59100", "Roubaix", "FR"), (L, D, M), founded=2008, technicians=58,
           price_level=45, quality_level=88, support_hours=EARLY, inspection_hours=9,
           story=_("A weaving mill turned computer plant. Fabrique Ricochet trains people coming back to work and certifies every technician it trains before they touch a customer's machine.")),
    _plant(4, "Marmotte Mobile", ("27 chemin du Grand Pré", "38100", "Grenoble", "FR"), (P, W, H), founded=2016, technicians=24,
           price_level=38, quality_level=74, support_hours=OFFICE, inspection_hours=14,
           story=_("Small, mountain-side and fond of batteries: Marmotte Mobile replaces every cell that it finds under 90% and publishes the numbers each month.")),
    _plant(5, "Lumière Rendue", ("9 rue du Cinématographe", "69008", "Lyon", "FR"), (V, M), founded=2012, technicians=31,
           price_level=55, quality_level=90, support_hours=OFFICE, inspection_hours=12,
           story=_("Lumière Rendue repairs what others scrap: panels, backlights and power boards of large televisions, delivered by two people to the room of your choice.")),
    _plant(6, "Pixels d'Occitanie", ("151 avenue des Genêts", "31200", "Toulouse", "FR"), (K, P, T), founded=2013, technicians=22,
           price_level=58, quality_level=89, support_hours=OFFICE, inspection_hours=10,
           story=_("Camera people first. Sensors are cleaned in a dust-free booth and every shutter count is printed on the delivery note.")),
    _plant(7, "Rejouons", ("6 place des Manettes", "33000", "Bordeaux", "FR"), (C, H, V), founded=2017, technicians=19,
           price_level=40, quality_level=81, support_hours=LONG, inspection_hours=11,
           story=_("Rejouons opens each console, renews its thermal paste and plays it for two hours before it leaves. The team answers in the evening, when people play.")),
    _plant(8, "Comptoir Rebond", ("80 boulevard du Phare", "13002", "Marseille", "FR"), (P, T, L, W), founded=2010, technicians=77,
           price_level=30, quality_level=66, support_hours=EARLY, inspection_hours=20,
           story=_("One of the largest workshops of the south, Comptoir Rebond handles two thousand devices a week and keeps prices low by repairing boards in house.")),
    _plant(9, "Les Doigts Fins", ("14 rue de l'Horloger", "25000", "Besançon", "FR"), (W, H, E), founded=2015, technicians=16,
           price_level=66, quality_level=95, support_hours=OFFICE, inspection_hours=6,
           story=_("In the old capital of watchmaking, Les Doigts Fins reseals every smartwatch and pressure-tests it before shipping.")),
    _plant(10, "Usine Ronde", ("2 rue de la Filature", "68100", "Mulhouse", "FR"), (L, D, T), founded=2009, technicians=49,
           price_level=42, quality_level=79, support_hours=EARLY, inspection_hours=16,
           story=_("Usine Ronde takes in laptops from three countries, wipes them under camera and fits the keyboard of the language you ordered.")),
    _plant(11, "Électron Libre Atelier", ("33 rue du Port Sec", "67000", "Strasbourg", "FR"), (D, M, L), founded=2018, technicians=21,
           price_level=52, quality_level=84, support_hours=OFFICE, inspection_hours=10,
           story=_("A cooperative of engineers who rebuild workstations to order: more memory, a fresh drive, and dust out of every fan.")),
    _plant(12, "Belle Onde", ("5 impasse du Diapason", "37000", "Tours", "FR"), (H, S), founded=2016, technicians=13,
           price_level=60, quality_level=92, support_hours=OFFICE, inspection_hours=7,
           story=_("Belle Onde measures each pair of headphones in a sound box, renews cushions and tips, and files the curve with the serial number.")),
    _plant(13, "Nordlicht Werkstatt", ("Lindenweg 18", "22765", "Hamburg", "DE"), (P, T, L), founded=2010, technicians=61,
           price_level=57, quality_level=91, support_hours=OFFICE, inspection_hours=7,
           story=_("Nordlicht Werkstatt runs on wind power and on checklists: sixty-eight test points per phone, each photographed.")),
    _plant(14, "Kreislauf Süd", ("Ziegelstraße 44", "86150", "Augsburg", "DE"), (L, D, M), founded=2007, technicians=83,
           price_level=50, quality_level=87, support_hours=EARLY, inspection_hours=9,
           story=_("Leasing returns are the trade of Kreislauf Süd. Because it sees a thousand machines of one model, it knows which hinge will fail and changes it first.")),
    _plant(15, "Funkel & Söhne", ("Alte Gerberei 7", "04109", "Leipzig", "DE"), (K, W), founded=2012, technicians=15,
           price_level=68, quality_level=93, support_hours=OFFICE, inspection_hours=8,
           story=_("A family workshop for cameras and watches, where father, daughter and twelve colleagues adjust mounts, dials and autofocus by hand.")),
    _plant(16, "Spielwende", ("Kastanienhof 3", "50823", "Köln", "DE"), (C, H), founded=2019, technicians=17,
           price_level=36, quality_level=72, support_hours=LONG, inspection_hours=18,
           story=_("Young, quick and loud: Spielwende renews controllers with hall-effect sticks and ships consoles with every cable.")),
    _plant(17, "Taller Golondrina", ("Calle del Olivo 21", "46001", "Valencia", "ES"), (P, T, H), founded=2013, technicians=46,
           price_level=34, quality_level=78, support_hours=LONG, inspection_hours=13,
           story=_("Taller Golondrina grew out of a repair stall at the central market. It still repairs while you watch, now by video.")),
    _plant(18, "Segunda Vuelta Digital", ("Avenida de los Almendros 90", "28045", "Madrid", "ES"), (P, L, W), founded=2015, technicians=70,
           price_level=26, quality_level=61, support_hours=OFFICE, inspection_hours=24,
           story=_("Volume and low prices are the promise of Segunda Vuelta Digital, with three shifts and an automatic battery line.")),
    _plant(19, "Pantalla Clara", ("Carrer del Vidre 15", "08018", "Barcelona", "ES"), (V, M, T), founded=2011, technicians=33,
           price_level=47, quality_level=82, support_hours=OFFICE, inspection_hours=12,
           story=_("Pantalla Clara specialises in panels. A dead-pixel camera looks at every screen for ten minutes, in the dark.")),
    _plant(20, "Officina Civetta", ("Via dei Tigli 30", "10152", "Torino", "IT"), (L, D, E), founded=2012, technicians=28,
           price_level=49, quality_level=85, support_hours=OFFICE, inspection_hours=10,
           story=_("Night owls from a polytechnic founded Officina Civetta to keep laboratory computers alive; they still solder after midnight.")),
    _plant(21, "Rinasce Elettronica", ("Via della Fornace 8", "40128", "Bologna", "IT"), (P, T, K), founded=2016, technicians=37,
           price_level=39, quality_level=76, support_hours=EARLY, inspection_hours=15,
           story=_("Rinasce Elettronica buys broken phones for their boards and brings two out of three back to work.")),
    _plant(22, "Musica Ancora", ("Corso dei Platani 61", "37121", "Verona", "IT"), (S, H), founded=2018, technicians=11,
           price_level=54, quality_level=88, support_hours=OFFICE, inspection_hours=9,
           story=_("Loudspeakers deserve a second season. Musica Ancora re-foams, re-seals and re-tunes them for rooms of today.")),
    _plant(23, "Atelier de la Senne", ("Rue du Moulin Vert 19", "1070", "Bruxelles", "BE"), (P, L, C), founded=2014, technicians=39,
           price_level=44, quality_level=83, support_hours=LONG, inspection_hours=9,
           story=_("A workplace for a hundred languages: Atelier de la Senne answers in French, Dutch, English and Arabic and trains sixty apprentices a year.")),
    _plant(24, "Tweede Ronde Techniek", ("Havenkade 52", "3011 AA", "Rotterdam", "NL"), (L, D, M, T), founded=2009, technicians=54,
           price_level=51, quality_level=90, support_hours=OFFICE, inspection_hours=6,
           story=_("Next to the harbour, Tweede Ronde Techniek receives by barge and ships by bicycle in its own city.")),
    _plant(25, "Goudvink Mobiel", ("Vlinderstraat 4", "3511 AB", "Utrecht", "NL"), (P, W, H), founded=2017, technicians=26,
           price_level=63, quality_level=92, support_hours=LONG, inspection_hours=5,
           story=_("Goudvink Mobiel takes only phones younger than six years, fits only original parts, and says so when it has none.")),
    _plant(26, "Oficina Azulejo", ("Rua das Gaivotas 77", "4050-001", "Porto", "PT"), (P, T, C), founded=2016, technicians=30,
           price_level=32, quality_level=75, support_hours=LONG, inspection_hours=14,
           story=_("Oficina Azulejo pairs every senior repairer with a student of the technical school across the street.")),
    _plant(27, "Warsztat Jaskółka", ("ul. Lipowa 9", "50-001", "Wrocław", "PL"), (L, P, D, T), founded=2011, technicians=95,
           price_level=22, quality_level=70, support_hours=EARLY, inspection_hours=16,
           story=_("With ninety-five technicians Warsztat Jaskółka is our largest plant, known for board-level repair that others send out.")),
    _plant(28, "Drugie Życie Ekranu", ("ul. Młyńska 40", "61-001", "Poznań", "PL"), (V, M, C), founded=2015, technicians=27,
           price_level=28, quality_level=58, support_hours=EARLY, inspection_hours=22,
           story=_("Screens from hotels and offices find homes again here: Drugie Życie Ekranu resets, calibrates and repacks four hundred a week.")),
    _plant(29, "Heron & Hazel Refurb", ("7 Millrace Lane", "T12 A000", "Cork", "IE"), (L, T, E, K), founded=2013, technicians=23,
           price_level=59, quality_level=89, support_hours=OFFICE, inspection_hours=8,
           story=_("Heron & Hazel began by mending the e-readers of a county library and never stopped reading the manuals.")),
    _plant(30, "Björkverket", ("Norra Kvarngatan 11", "411 00", "Göteborg", "SE"), (P, L, S, V), founded=2010, technicians=35,
           price_level=70, quality_level=96, support_hours=OFFICE, inspection_hours=4,
           story=_("Björkverket gives three years of guarantee on its own work and publishes every failure, with the reason and what was changed.")),
)  # fmt: skip
PLANT_BY_SLUG: Mapping[str, Plant] = {plant.slug: plant for plant in PLANTS}
