"""The collections of the demo: what people of this house would give, by product, each with a word on it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Collection:
    slug: str
    title: str
    words: str
    picks: tuple[tuple[str, str], ...]


COLLECTIONS = (
    Collection(
        "christmas-list-2026",
        "Christmas list 2026",
        "High-tech presents that were made once already. Each is tested, guaranteed for a year or more, and may come "
        "back within 30 days.",
        (
            ("nintendo-switch-oled", "For everybody who stays on the sofa after lunch."),
            ("apple-iphone-13", "The telephone we would give without asking which one."),
            ("sony-wh-1000xm4", "Quiet, for whoever has everything else."),
            ("apple-ipad-2021", "Films on the train, drawings on the rest of the way."),
            ("amazon-kindle-paperwhite-2021", "A whole library that fits into a stocking."),
            ("apple-watch-se-2022", "For the resolution of the first of January."),
            ("sony-playstation-5", "The big one. It plays every PS4 game, too."),
            ("apple-macbook-air-13-m1-2020", "Silent, light, and good for years to come."),
            ("gopro-hero9-black", "For whoever comes back with stories nobody believes."),
            ("sonos-one-gen-2", "One room, all the music."),
            ("google-pixel-7a", "The camera people point at their friends' telephones."),
            ("apple-airpods-pro-2nd-generation", "Small box, big eyes."),
            ("samsung-galaxy-tab-s8", "With its pen: for notes, maps and doodles."),
            ("lg-oled-c2", "For a family that gives together."),
            ("fujifilm-x100v", "The one photographers put on their own list."),
            ("valve-steam-deck", "A whole shelf of games, in the hand."),
        ),
    ),
    Collection(
        "first-phone",
        "First phone",
        "Sturdy, affordable, with years of updates left: telephones for somebody who will drop one.",
        (
            ("apple-iphone-se-2022", "A button to press, and a quick chip behind it."),
            ("samsung-galaxy-a54-5g", "Large screen, large battery, small price."),
            ("google-pixel-6a", "Clean, simple, a very good camera."),
            ("fairphone-4", "Ten screws, and everything in it can be changed at home."),
            ("apple-iphone-12-mini", "For small hands and small pockets."),
            ("samsung-galaxy-a53-5g", "It shrugs off water and most pavements."),
            ("xiaomi-13t-pro", "Charged before breakfast is over."),
        ),
    ),
    Collection(
        "back-to-work",
        "Back to work",
        "A desk that lasts: machines that firms chose by the thousand, and screens that spare the neck.",
        (
            ("lenovo-thinkpad-t14-gen-1", "The keyboard that people ask for by name."),
            ("apple-macbook-pro-14-m1-pro-2021", "For films, code and very large tables."),
            ("dell-latitude-5420", "Every port you forgot you needed."),
            ("hp-elitebook-840-g8", "Thin, light, made to be opened."),
            ("dell-ultrasharp-u2720q", "4K, and one cable for picture and power."),
            ("lenovo-thinkcentre-m720q-tiny", "A whole computer, hidden behind the screen."),
            ("apple-mac-mini-m2-2023", "Bring your own screen; the rest is here."),
            ("bose-quietcomfort-45", "An office door for the ears."),
        ),
    ),
)
