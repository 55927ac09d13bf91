# ruff: noqa: E501
"""Invented consumers: the same index always gives the same person, and no address receives mail.

Names are the commonest of each country and streets the commonest street names, drawn independently, so a
combination points at nobody. E-mail addresses are under example.com.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from backmarket.management.seed_data.shapes import slugify


@dataclass(frozen=True)
class Person:
    """`phone` is from a range reserved for fiction, or empty where the country reserves none."""

    first_name: str
    last_name: str
    email: str
    street: str
    postcode: str
    city: str
    country: str
    phone: str

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"


FIRST_NAMES: Mapping[str, tuple[str, ...]] = {
    "FR": ("Camille", "Léa", "Manon", "Inès", "Chloé", "Nadia", "Sylvie", "Aïcha", "Juliette", "Margaux", "Hugo", "Louis", "Karim",
           "Thomas", "Antoine", "Mehdi", "Julien", "Gabriel", "Mathis", "Olivier", "Yasmine", "Élodie", "Pierre", "Sofiane", "Claire"),
    "DE": ("Anna", "Lena", "Mia", "Sabine", "Leonie", "Paul", "Jonas", "Lukas", "Felix", "Emre", "Katrin", "Stefan"),
    "ES": ("Lucía", "Carmen", "Elena", "Marta", "Paula", "Javier", "Pablo", "Diego", "Álvaro", "Sergio"),
    "IT": ("Giulia", "Chiara", "Sofia", "Martina", "Marco", "Luca", "Matteo", "Davide"),
    "BE": ("Emma", "Louise", "Lotte", "Noah", "Arthur", "Lucas", "Amina", "Bram"),
    "NL": ("Sanne", "Fleur", "Anouk", "Daan", "Sem", "Bas", "Fatima", "Joris"),
}  # fmt: skip
LAST_NAMES: Mapping[str, tuple[str, ...]] = {
    "FR": ("Martin", "Bernard", "Petit", "Durand", "Moreau", "Laurent", "Garcia", "Roux", "Fontaine", "Chevalier", "Benali", "Girard",
           "Mercier", "Diallo", "Lambert", "Faure", "Rousseau", "Blanc", "Haddad", "Perrin", "Nguyen", "Colin", "Renard"),
    "DE": ("Müller", "Schmidt", "Schneider", "Fischer", "Weber", "Becker", "Hoffmann", "Yilmaz", "Krüger", "Vogel", "Lange"),
    "ES": ("García", "Martínez", "López", "Sánchez", "Romero", "Navarro", "Torres", "Molina", "Ortega"),
    "IT": ("Rossi", "Ferrari", "Esposito", "Romano", "Colombo", "Ricci", "Marino"),
    "BE": ("Peeters", "Janssens", "Dubois", "Lambert", "Claes", "Dupont", "Maes"),
    "NL": ("de Jong", "Jansen", "de Vries", "Bakker", "Visser", "Smit", "Mulder"),
}  # fmt: skip
STREETS: Mapping[str, tuple[str, ...]] = {
    "FR": ("rue de l'Église", "rue des Lilas", "place de la Mairie", "rue du Moulin", "rue des Écoles", "avenue de la Gare", "rue des Tilleuls", "chemin des Vignes"),
    "DE": ("Gartenstraße", "Bahnhofstraße", "Bergstraße", "Schulstraße", "Lindenstraße", "Birkenweg"),
    "ES": ("Calle Mayor", "Calle Real", "Calle del Sol", "Avenida de la Constitución", "Calle Nueva"),
    "IT": ("Via Roma", "Via Garibaldi", "Via Verdi", "Via Mazzini", "Via Dante"),
    "BE": ("Kerkstraat", "Rue de l'Église", "Stationsstraat", "Rue de la Station"),
    "NL": ("Kerkstraat", "Schoolstraat", "Molenweg", "Dorpsstraat", "Julianalaan"),
}  # fmt: skip
CITIES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "FR": (("75011", "Paris"), ("69003", "Lyon"), ("13006", "Marseille"), ("31000", "Toulouse"), ("44000", "Nantes"), ("59000", "Lille"),
           ("35000", "Rennes"), ("33000", "Bordeaux"), ("67000", "Strasbourg"), ("34000", "Montpellier"), ("21000", "Dijon"),
           ("29200", "Brest"), ("63000", "Clermont-Ferrand"), ("76000", "Rouen"), ("06000", "Nice"), ("87000", "Limoges")),
    "DE": (("10115", "Berlin"), ("80331", "München"), ("20095", "Hamburg"), ("50667", "Köln"), ("01067", "Dresden")),
    "ES": (("28001", "Madrid"), ("08001", "Barcelona"), ("41001", "Sevilla"), ("46001", "Valencia")),
    "IT": (("00184", "Roma"), ("20121", "Milano"), ("10121", "Torino"), ("40121", "Bologna")),
    "BE": (("1000", "Bruxelles"), ("9000", "Gent"), ("4000", "Liège"), ("2000", "Antwerpen")),
    "NL": (("1012 AB", "Amsterdam"), ("3011 AB", "Rotterdam"), ("3511 AB", "Utrecht")),
}  # fmt: skip
# Out of twenty people, as many as the market's home country would really have.
COUNTRIES = ("FR",) * 13 + ("DE", "DE", "ES", "IT", "BE", "BE", "NL")
NUMBER_FIRST = frozenset({"FR"})


def person(index: int) -> Person:
    """The person of that index (0 or more); neighbours differ, and the same index is always the same."""
    country = COUNTRIES[index * 7 % len(COUNTRIES)]
    draw = index * 2_654_435_761 % 2**32
    first = FIRST_NAMES[country][draw % len(FIRST_NAMES[country])]
    last = LAST_NAMES[country][draw // 31 % len(LAST_NAMES[country])]
    street = STREETS[country][draw // 997 % len(STREETS[country])]
    postcode, city = CITIES[country][draw // 7919 % len(CITIES[country])]
    number = 1 + draw // 104_729 % 98
    return Person(
        first_name=first,
        last_name=last,
        email=f"{slugify(first)}.{slugify(last)}.{index}@example.com",
        street=f"{number} {street}" if country in NUMBER_FIRST else f"{street} {number}",
        postcode=postcode,
        city=city,
        country=country,
        # Of the numbers that the regulator keeps for fiction, those that count as numbers: the forms take them.
        phone=f"+332619100{index % 100:02}" if country == "FR" else "",
    )
