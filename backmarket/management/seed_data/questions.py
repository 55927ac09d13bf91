# ruff: noqa: E501
"""What the quote asks a person about their device, category by category, and what each answer means.

An option has two effects: `functional`, whether the device still does its job, and `looks`, one of LOOKS.
The condition is the worst over all answers: FUNCTIONAL_ and the worst looks while every answer is functional,
else NOT_FUNCTIONAL_CRACKED if anything is cracked, else NOT_FUNCTIONAL_USED.

Nobody is asked all of it: gates (see catalog/questions.py) stand for several questions each, so that a device that
works takes three answers in every category. `picture` names a drawing of catalog/answer_drawings.py.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_noop as _

LOOKS = ("flawless", "good", "used", "cracked")
"""From best to worst."""

MOTIFS: Mapping[str, str] = {
    "turns_on": "power", "works": "touch", "display": "picture", "panel": "picture", "water": "drop", "opened": "screw",
    "battery": "battery", "charger": "plug", "stable": "clock", "stand": "stand", "remote": "remote",
    "games": "disc", "controller": "stick", "banned": "globe", "sound": "sound", "cushions": "cushion",
    "pieces": "pieces", "strap": "strap", "sensor": "landscape", "lens": "lens",
}  # fmt: skip
"""Question -> what its answers' pictures show."""

Option = dict[str, Any]
Question = dict[str, Any]
Gate = dict[str, Any]


def _option(
    code: str, text: str, help: str = "", *, functional: bool = True, looks: str = "flawless", picture: str = ""
) -> Option:
    facts = {"code": code, "text": text, "help": help, "functional": functional, "looks": looks}
    return {**facts, "picture": picture or f"device:{_severity(functional, looks)}"}


def _severity(functional: bool, looks: str) -> str:
    """How bad an answer is, as its picture shows it."""
    return "bad" if not functional or looks == "cracked" else "good" if looks == "flawless" else "half"


def _ask(code: str, text: str, help: str, *options: Option) -> Question:
    """A choice; where an option names no picture of its own, the question's motif shows how bad the option is."""
    shown = [
        {**option, "picture": option["picture"].replace("device:", f"{MOTIFS.get(code, 'device')}:")}
        for option in options
    ]
    return {"code": code, "text": text, "help": help, "kind": "choice", "options": shown}


def _yes_no(code: str, text: str, help: str, *, bad: str = "no", **effect: Any) -> Question:
    """A question whose answer `bad` has an effect: not functional, unless said otherwise."""
    texts = {"yes": _("Yes"), "no": _("No")}
    effects: dict[str, Any] = effect or {"functional": False, "looks": "used"}
    motif = MOTIFS.get(code, "device")
    options = [
        _option(answer, text, picture=f"{motif}:{'bad' if answer == bad else 'good'}",
                **(effects if answer == bad else {}))
        for answer, text in texts.items()
    ]  # fmt: skip
    return {"code": code, "text": text, "help": help, "kind": "boolean", "options": options}


def _turns_on(help: str) -> Question:
    return _yes_no("turns_on", _("Does it turn on?"), help)


WEAR = (
    ("flawless", _("No mark at all"), _("Hold it under a lamp: you see nothing."), "flawless"),
    ("light", _("Light scratches"), _("You see them up close, not at arm's length."), "good"),
    ("visible", _("Visible scratches or dents"), _("You see them at arm's length."), "used"),
)


def _looks(code: str, text: str, help: str, cracked: str) -> Question:
    """How one surface looks, from no mark to broken; `cracked` says what broken is here."""
    return _ask(
        code, text, help,
        *(_option(name, text, help, looks=looks, picture=f"{code}:{name}") for name, text, help, looks in WEAR),
        _option("cracked", cracked, _("Even a small crack or a chip counts."), looks="cracked", picture=f"{code}:cracked"),
    )  # fmt: skip


WATER = _yes_no(
    "water", _("Has it ever been in contact with liquid?"),
    _("A splash, a bath, a spilt drink: it matters even if everything seems to work."), bad="yes",
)  # fmt: skip
COMPLETE = _yes_no(
    "opened", _("Has it been opened or does it miss a part?"),
    _("A missing cover, screw or key, or a repair with parts that are not the maker's."), bad="yes", looks="used",
)  # fmt: skip
BATTERY = _ask(
    "battery", _("How is the battery?"),
    _("On iPhone: Settings, Battery, Battery Health. Elsewhere, judge how long a charge lasts."),
    _option("good", _("Fine: it lasts about a day, or 85% or more")),
    _option("weak", _("Weak: under 85%, or empty before the evening"), looks="good"),
    _option("service", _("It says “Service”, or switches off by itself"), looks="used"),
    _option("dead", _("It does not charge, or it is swollen"), _("A swollen battery must not be posted: the courier brings a safe box."), functional=False, looks="used"),
)  # fmt: skip
LAPTOP_BATTERY = _ask(
    "battery", _("How long does it work without its charger?"), "",
    _option("good", _("Three hours or more")),
    _option("weak", _("Between one and three hours"), looks="good"),
    _option("short", _("Less than an hour"), looks="used"),
    _option("dead", _("It stops at once, or the battery is swollen"), functional=False, looks="used"),
)  # fmt: skip


def _panel(text: str) -> Question:
    return _ask(
        "panel", text, _("Show a white picture, then a black one, in the dark."),
        _option("perfect", _("Even, without spot or line")),
        _option("spots", _("One or two dead pixels, or a light shadow"), looks="used"),
        _option("lines", _("Lines, large spots, flicker or burnt-in pictures"), functional=False, looks="used"),
        _option("broken", _("The panel is cracked or leaks"), functional=False, looks="cracked"),
    )  # fmt: skip


def _charger(text: str) -> Question:
    return _ask(
        "charger", text, _("Without it you can sell all the same, for a little less."),
        _option("original", _("Yes, the original one")),
        _option("other", _("Yes, another that fits"), looks="good"),
        _option("none", _("No"), looks="good"),
    )  # fmt: skip


PHONE = (
    _turns_on(_("The home screen appears and stays.")),
    _yes_no("works", _("Does everything work?"), _("Calls, cameras, buttons, speakers, charging, fingerprint or face recognition.")),
    _looks("screen", _("How does the screen look?"), _("Switch it off and tilt it under a lamp."), _("Cracked or chipped")),
    _yes_no("display", _("Is the picture perfect?"), _("No line, no spot, and every part of it answers to your finger.")),
    _looks("body", _("How do the back and the sides look?"), _("Take it out of its case first."), _("Cracked, bent or chipped")),
    BATTERY,
    WATER,
)  # fmt: skip
TABLET = (
    _turns_on(_("The home screen appears and stays.")),
    _yes_no("works", _("Does everything work?"), _("Wi-Fi, cameras, buttons, speakers, charging, fingerprint or face recognition.")),
    _looks("screen", _("How does the screen look?"), _("Switch it off and tilt it under a lamp."), _("Cracked or chipped")),
    _yes_no("display", _("Is the picture perfect?"), _("No line, no spot, and every part of it answers to your finger.")),
    _looks("body", _("How do the back and the sides look?"), _("Take it out of its cover first."), _("Cracked or bent")),
    BATTERY,
)  # fmt: skip
LAPTOP = (
    _turns_on(_("It starts up to its desktop, without an error.")),
    _yes_no("works", _("Do keyboard, trackpad, ports, camera and Wi-Fi all work?"), _("Try each key and each port once.")),
    _looks("screen", _("How does the screen look?"), _("Look at the glass and at the frame around it."), _("Cracked")),
    _panel(_("How is the picture?")),
    _looks("body", _("How do the lid, the base and the hinges look?"), _("The hinges hold the screen at any angle."), _("Cracked, or a hinge is broken")),
    LAPTOP_BATTERY,
    _charger(_("Do you have its charger?")),
)  # fmt: skip
DESKTOP = (
    _turns_on(_("It starts up to its desktop, without an error.")),
    _yes_no("works", _("Do all ports, the sound and the network work?"), _("USB, video, headphones, Ethernet and Wi-Fi.")),
    _yes_no("stable", _("Can it run for an hour without stopping?"), _("Without a crash, a sudden stop or a grinding fan.")),
    _looks("body", _("How does the case look?"), _("With an all-in-one, its screen too."), _("Cracked, or badly bent")),
    COMPLETE,
    _charger(_("Do you have its power supply or cable?")),
)  # fmt: skip
MONITOR = (
    _turns_on(_("It shows a picture within a minute.")),
    _panel(_("How is the picture?")),
    _yes_no("works", _("Do all ports and buttons work?"), _("HDMI, DisplayPort, USB-C, USB and the menu keys.")),
    _looks("body", _("How do the surface and the frame look?"), _("Look at the switched-off screen from the side."), _("Cracked")),
    _ask("stand", _("Do you have its stand?"), "",
         _option("yes", _("Yes, and it is steady")), _option("worn", _("Yes, but it sags or wobbles"), looks="used"),
         _option("no", _("No"), looks="used")),
)  # fmt: skip
TELEVISION = (
    _turns_on(_("It shows a picture within a minute and stays on for ten.")),
    _panel(_("How is the picture?")),
    _yes_no("works", _("Do all ports, the sound and the network work?"), _("HDMI, aerial, USB, speakers and Wi-Fi.")),
    _looks("body", _("How do the surface and the frame look?"), _("Look at the switched-off screen from the side."), _("Cracked")),
    _ask("remote", _("Do you have its remote control?"), "",
         _option("yes", _("Yes, and it works")), _option("other", _("Only one of another make"), looks="good"),
         _option("no", _("No"), looks="good")),
    _ask("stand", _("Do you have its stand or feet, with the screws?"), _("A wall mount is not needed."),
         _option("yes", _("Yes, complete")), _option("no", _("No, or not all of it"), looks="used")),
)  # fmt: skip
CONSOLE = (
    _turns_on(_("It reaches its menu and stays on for ten minutes.")),
    _yes_no("games", _("Does it read and play games?"), _("From disc or cartridge if it has a slot, and downloaded ones.")),
    _yes_no("works", _("Do the ports, the network and the sound work?"), _("HDMI, USB, Wi-Fi; on a portable one the screen and the buttons too.")),
    _ask("controller", _("How is its controller?"), "",
         _option("good", _("It works and looks fine")), _option("drift", _("A stick drifts or a button sticks"), looks="used"),
         _option("none", _("I do not have it"), looks="used")),
    _looks("body", _("How does it look?"), _("All sides, and the screen of a portable one."), _("Cracked, or a piece is missing")),
    _yes_no("banned", _("Can it go online with any account?"), _("A console banned by its maker cannot be sold again as working.")),
)  # fmt: skip
HEADPHONES = (
    _turns_on(_("They switch on and pair with a phone.")),
    _yes_no("sound", _("Is the sound right on both sides?"), _("Equally loud, without crackling, noise cancelling and microphone included.")),
    _looks("body", _("How do they look?"), _("And the charging case, if there is one."), _("Cracked, or a hinge is broken")),
    _ask("cushions", _("How are the cushions or tips?"), _("They are renewed in any case; torn ones cost more work."),
         _option("good", _("Whole and clean")), _option("worn", _("Worn"), looks="good"), _option("torn", _("Torn or missing"), looks="used")),
    _ask("battery", _("How long does a charge last?"), "",
         _option("good", _("About as on the first day")), _option("weak", _("Clearly less"), looks="used"),
         _option("dead", _("They do not charge"), functional=False, looks="used")),
    _yes_no("pieces", _("Are all pieces there?"), _("Both earphones, the case, the cable."), functional=False, looks="used"),
)  # fmt: skip
WATCH = (
    _turns_on(_("The clock face appears and stays.")),
    _yes_no("works", _("Does everything work?"), _("Touch, crown and buttons, heart rate, pairing and charging.")),
    _looks("screen", _("How does the glass look?"), _("Switch it off and tilt it under a lamp."), _("Cracked or chipped")),
    _looks("body", _("How do the case and the back look?"), _("Take the strap off first."), _("Cracked, or the back is loose")),
    _ask("battery", _("How long does a charge last?"), "",
         _option("good", _("A full day or more")), _option("weak", _("Less than a day"), looks="used"),
         _option("dead", _("It does not charge"), functional=False, looks="used")),
    _ask("strap", _("Do you have a strap and the charging cable?"), "",
         _option("both", _("Both")), _option("one", _("One of them"), looks="good"), _option("none", _("Neither"), looks="good")),
)  # fmt: skip
CAMERA = (
    _turns_on(_("It starts and takes a picture.")),
    _yes_no("works", _("Does everything work?"), _("Autofocus, flash, dials, screen, viewfinder, card slots.")),
    _ask("sensor", _("What do your pictures show?"), _("Photograph the sky at f/16, or a white wall."),
         _option("clean", _("No spot")), _option("dust", _("A few specks of dust"), looks="good"),
         _option("damage", _("Spots that do not go away, lines or stripes"), functional=False, looks="used")),
    _looks("body", _("How does the body look?"), _("And the lens, if you sell one with it."), _("Cracked, or a piece is missing")),
    _ask("lens", _("How is the glass of the lens?"), _("Choose the first answer if you sell the body only."),
         _option("clean", _("Clear, or no lens")), _option("marks", _("Small marks that pictures do not show"), looks="used"),
         _option("fungus", _("Haze, fungus or a crack"), functional=False, looks="cracked")),
    _charger(_("Do you have its battery and charger?")),
)  # fmt: skip
SPEAKER = (
    _turns_on(_("It switches on and connects.")),
    _yes_no("sound", _("Is the sound clean at any volume?"), _("Without rattle, buzz or drop-outs, microphone included.")),
    _yes_no("works", _("Do buttons, ports and the network work?"), _("Bluetooth, Wi-Fi and charging.")),
    _looks("body", _("How does it look?"), _("The cloth or grille, and the base."), _("Cracked, torn or pushed in")),
    _charger(_("Do you have its cable or power supply?")),
)  # fmt: skip
EREADER = (
    _turns_on(_("The library appears.")),
    _yes_no("works", _("Does everything work?"), _("Touch, page keys, front light, Wi-Fi and charging.")),
    _looks("screen", _("How does the screen look?"), _("Look for scratches and for traces that stay on the page."), _("Cracked")),
    _yes_no("display", _("Is the page sharp, without a frozen part?"), _("Turn a few pages and look at the corners.")),
    _looks("body", _("How do the back and the sides look?"), "", _("Cracked or bent")),
    _ask("battery", _("How long does a charge last?"), "",
         _option("good", _("Weeks")), _option("weak", _("A few days"), looks="used"),
         _option("dead", _("It does not charge"), functional=False, looks="used")),
)  # fmt: skip


# Gates


def _implying(code: str, text: str, help: str, picture: str, **implies: str) -> Option:
    return {"code": code, "text": text, "help": help, "picture": picture, "implies": implies}


def _gate(code: str, text: str, help: str, *options: Option) -> Gate:
    return {"code": code, "text": text, "help": help, "options": list(options)}


def _state(fine: str, questions: tuple[Question, ...], *codes: str) -> Gate:
    """Does it work? Yes answers all of `codes` and `turns_on` at their best; a dead device all of them at their worst."""
    covered = [question for question in questions if question["code"] in (*codes, "turns_on")]
    unknowable = {"water", "opened", "pieces", "lens"}
    dead = {question["code"]: _worst(question) for question in covered if question["code"] not in unknowable}
    return _gate(
        "state", _("Does it work as it should?"), _("As you use it every day: no need to measure anything."),
        _implying("fine", _("Yes, everything works"), fine, "state:good", **{q["code"]: _best(q) for q in covered}),
        _implying("problem", _("It turns on, but something is wrong"), _("We ask what, in a few short questions."), "state:half", turns_on="yes"),
        _implying("dead", _("It does not turn on"), _("Or it stops at once."), "state:bad", **dead),
    )  # fmt: skip


def _best(question: Question) -> str:
    return str(min(question["options"], key=_badness)["code"])


def _worst(question: Question) -> str:
    """The worst answer short of a broken panel or glass, which one would see."""
    whole = [option for option in question["options"] if option["looks"] != "cracked"]
    return str(max(whole, key=_badness)["code"])


def _badness(option: Option) -> tuple[bool, int]:
    return not option["functional"], LOOKS.index(option["looks"])


LOOK = _gate(
    "looks", _("How does it look?"), _("Front, back and sides, out of its case. Tilt it under a lamp."),
    *(_implying(name, text, help, f"all:{name}", screen=name, body=name) for name, text, help, _looks_ in WEAR),
    _implying("cracked", _("Cracked, chipped or bent somewhere"), _("We ask where."), "all:cracked"),
)  # fmt: skip
KIT = _gate(
    "kit", _("Do you still have the remote control and the stand?"), _("A wall mount is not needed."),
    _implying("all", _("Yes, both, complete"), "", "remote:good", remote="yes", stand="yes"),
    _implying("part", _("Not both, or not complete"), _("We ask what is missing."), "remote:half"),
)  # fmt: skip


def _version_1(questions: tuple[Question, ...], *gates: Gate) -> dict[str, Any]:
    return {"version": 1, "questions": list(questions), "gates": list(gates)}


QUESTION_SETS: Mapping[str, dict[str, Any]] = {
    "smartphones": _version_1(PHONE, _state(_("It rings, charges and answers to your finger everywhere, the picture is whole, and it never got wet."), PHONE, "works", "display", "water"), LOOK),
    "tablets": _version_1(TABLET, _state(_("It charges and answers to your finger everywhere, the picture is whole, cameras and sound are fine."), TABLET, "works", "display"), LOOK),
    "laptops": _version_1(LAPTOP, _state(_("Keys, ports, camera and Wi-Fi are fine, the picture is even, and it runs three hours without its charger."), LAPTOP, "works", "panel", "battery"), LOOK),
    "desktops": _version_1(DESKTOP, _state(_("Ports, sound and network are fine, it runs for an hour, nothing is missing and it was not rebuilt."), DESKTOP, "works", "stable", "opened")),
    "monitors": _version_1(MONITOR, _state(_("The picture is even, and every port and button answers."), MONITOR, "panel", "works")),
    "televisions": _version_1(TELEVISION, _state(_("The picture is even, and ports, sound and network are fine."), TELEVISION, "panel", "works"), KIT),
    "consoles": _version_1(CONSOLE, _state(_("It reads and plays games, ports and sound are fine, and it goes online with any account."), CONSOLE, "games", "works", "banned")),
    "headphones": _version_1(HEADPHONES, _state(_("Both sides sound right, a charge lasts as it should, and every piece is there."), HEADPHONES, "sound", "battery", "pieces")),
    "watches": _version_1(WATCH, _state(_("It answers to your finger and its buttons, pairs, measures, and a charge lasts the day."), WATCH, "works", "battery"), LOOK),
    "cameras": _version_1(CAMERA, _state(_("It focuses, dials and flash are fine, pictures show no spot, and the glass of its lens is clear."), CAMERA, "works", "sensor", "lens")),
    "speakers": _version_1(SPEAKER, _state(_("The sound is clean at any volume, and buttons, ports and network answer."), SPEAKER, "sound", "works")),
    "e-readers": _version_1(EREADER, _state(_("It answers to your finger, the page is sharp everywhere, and a charge lasts for weeks."), EREADER, "works", "display", "battery"), LOOK),
}  # fmt: skip
