"""What people call what is sold here, in English and in French, beside the words of the catalogue itself. Pure data.

Written as `catalog.reading.tokens` writes words. Words that mean something only together are written as one
("bleunuit"): a search also reads neighbours joined, and "iphone bleu" must not find what is called midnight.
"""

# By the plain colour, or by the name that a maker gave it; makers' own French names among them.
COLOURS = {
    "black": "noir", "midnight": "minuit noir bleunuit", "graphite": "graphite gris", "grey": "gris gray",
    "titanium": "titane gris", "white": "blanc", "starlight": "lumiere stellaire blanc", "silver": "argent",
    "gold": "or dore", "rose gold": "or rose", "red": "rouge", "coral": "corail orange", "orange": "orange",
    "yellow": "jaune", "green": "vert", "mint": "menthe vert", "blue": "bleu", "pacific blue": "bleu pacifique",
    "purple": "violet mauve", "lavender": "lavande violet", "pink": "rose",
    "alpine blue": "alpin", "alpine green": "alpin", "amber yellow": "ambre", "arctic silver": "arctique",
    "black titanium": "titane noir", "blue titanium": "titane bleu", "burgundy": "bordeaux bourgogne",
    "champagne gold": "champagne", "charcoal": "charbon", "cream": "creme", "dark grey": "fonce sombre",
    "deep purple": "intense", "denim": "jean", "desert titanium": "titane sable desert", "icy blue": "glace",
    "midnight black": "minuit", "midnight blue": "bleu nuit minuit", "midnight gray": "minuit",
    "midnight green": "nuit", "mist blue": "brume", "mystic bronze": "bronze mystique", "natural titanium": "naturel",
    "navy": "marine bleumarine", "obsidian": "obsidienne", "ocean blue": "ocean", "phantom black": "fantome",
    "phantom gray": "fantome", "phantom pink": "fantome", "phantom silver": "fantome", "phantom violet": "fantome",
    "phantom white": "fantome", "pink gold": "or rose", "platinum": "platine", "porcelain": "porcelaine",
    "sage": "sauge", "sierra blue": "alpin", "sky blue": "ciel", "slate grey": "ardoise", "snow": "neige",
    "space black": "sideral", "space grey": "sideral", "teal": "sarcelle", "ultramarine": "outremer",
    "white titanium": "titane blanc",
}  # fmt: skip
GRADES = {
    "premium": "premium", "excellent": "excellent excellente parfait", "good": "good bon bonne",
    "fair": "fair correct correcte",
}  # fmt: skip
# Facts that are told by a yes, or that go by other words than their value; by attribute and value.
FACTS = {
    ("keyboard", "AZERTY"): "keyboard clavier french francais",
    ("keyboard", "QWERTY"): "keyboard clavier english anglais",
    ("keyboard", "QWERTZ"): "keyboard clavier german allemand",
    ("noise_cancelling", "Yes"): "noise cancelling canceling anc reduction bruit active",
    ("power", "Battery"): "portable wireless sans fil",
    ("drive", "With disc drive"): "lecteur disque",
    ("drive", "Digital"): "numerique",
    ("connectivity", "Wi-Fi"): "wifi",
    ("connectivity", "Wi-Fi + Cellular"): "wifi 4g lte",
    ("connectivity", "GPS + Cellular"): "4g lte",
}
# They stand for having something or not, and are no words of it.
YES_OR_NO = frozenset({"Yes", "No"})
# Words that people type and that narrow nothing: every device here is refurbished, and meant to be cheap.
NOISE = frozenset(
    {
        "a", "an", "and", "the", "for", "with", "in", "of", "de", "du", "des", "le", "la", "les", "un", "une", "et",
        "ou", "pour", "avec", "en", "refurbished", "used", "second", "hand", "cheap", "deal", "buy", "reconditionne",
        "reconditionnee", "occasion", "pas", "cher", "moins", "acheter",
    }
)  # fmt: skip
# Names of facts, which say nothing beside their value, unless something that is sold is called so.
NAMES_OF_FACTS = frozenset(
    {
        "clavier", "keyboard", "layout", "disposition", "stockage", "storage", "capacite", "capacity", "memoire",
        "memory", "ram", "couleur", "colour", "color", "taille", "size", "etat", "condition", "grade", "looks", "tres",
        "very",
    }
)  # fmt: skip
