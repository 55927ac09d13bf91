# ruff: noqa: E501
"""How a plant grades a device: one versioned specification per category, as data.

Every check has an outcome with three effects: `grade`, the best grade that it still allows (None: none until
repaired), `functional`, and `looks` as in the question sets. `answer` names the question of the category's set
with which the finding is compared, or is None. By `kind`:

* pass_fail: `options` are pass and fail; a failure means no grade, and not functional if a person was asked about it.
* scale: `options` from best to worst.
* number: a whole `number` of `unit`; `better` is "higher" or "lower". `thresholds` give, per grade, the value that it
  asks; past `min` (or `max`) there is no grade. `bands` say the same from best to worst, each with its effects: the first band
  whose `bound` the number reaches ("higher": number >= bound; "lower": number <= bound) applies, the last has no bound.

The grade reachable is the worst over all checks; so is the condition found. A check that mirrors no answer never
touches the condition: its failure suspends the trade (identity, locks) or is the plant's own work (cleaning,
safety). Micro-scratches count as flawless for the condition: nobody can be asked to see them at home.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_noop as _

from backmarket.management.seed_data.categories import GRADES

CHAPTERS: Mapping[str, str] = {
    "identity": _("Identity"),
    "security": _("Security and data"),
    "functions": _("Functions"),
    "screen": _("Screen"),
    "body": _("Body"),
    "battery": _("Battery"),
    "accessories": _("Accessories"),
}
Check = dict[str, Any]
Effect = tuple[str | None, bool, str]

FLAWLESS: Effect = ("PREMIUM", True, "flawless")
MICRO: Effect = ("EXCELLENT", True, "flawless")
HIDDEN: Effect = ("GOOD", True, "flawless")
ASIDE: Effect = ("PREMIUM", True, "good")
MISSING: Effect = (None, True, "used")
LIGHT: Effect = ("GOOD", True, "good")
VISIBLE: Effect = ("FAIR", True, "used")
CRACKED: Effect = (None, True, "cracked")
BROKEN: Effect = (None, False, "used")
SHATTERED: Effect = (None, False, "cracked")


def _outcome(effect: Effect, asked: str | None, **facts: Any) -> dict[str, Any]:
    grade, functional, looks = effect if asked else (effect[0], True, "flawless")
    return {**facts, "grade": grade, "functional": functional, "looks": looks}


def _check(code: str, chapter: str, kind: str, text: str, how: str, answer: str | None, **facts: Any) -> Check:
    return {"code": code, "chapter": chapter, "kind": kind, "text": text, "how": how, "answer": answer, **facts}


def _test(chapter: str, code: str, text: str, how: str, answer: str | None = None) -> Check:
    """A pass-or-fail check."""
    options = [
        _outcome(FLAWLESS, answer, value="pass", text=_("Passed")),
        _outcome(BROKEN, answer, value="fail", text=_("Failed")),
    ]
    return _check(code, chapter, "pass_fail", text, how, answer, options=options)


def _scale(
    chapter: str, code: str, words: tuple[str, str], answer: str | None, *options: tuple[str, str, Effect]
) -> Check:
    outcomes = [_outcome(effect, answer, value=value, text=label) for value, label, effect in options]
    return _check(code, chapter, "scale", *words, answer, options=outcomes)


def _marks(chapter: str, code: str, text: str, answer: str | None, broken: str) -> Check:
    """The scale of a surface: what is seen, from how far, under 1,000 lux."""
    how = _("Clean, under 1,000 lux, switched off; look from 20 cm, then from 50 cm, turning it")
    return _scale(
        chapter, code, (text, how), answer,
        ("none", _("No mark visible at 20 cm"), FLAWLESS),
        ("micro", _("Micro-scratches, invisible at 20 cm unless tilted"), MICRO),
        ("light", _("Scratches visible at 20 cm, invisible at 50 cm"), LIGHT),
        ("visible", _("Scratches or dents visible at 50 cm"), VISIBLE),
        ("cracked", broken, CRACKED),
    )  # fmt: skip


def _number(
    chapter: str, code: str, words: tuple[str, str], answer: str | None, unit: str, *bands: tuple[int | None, Effect]
) -> Check:
    """A measured number; each band is its bound with its effect, from best to worst, the last without bound.

    Bounds that grow mean that lower numbers are better.
    """
    bounds = [bound for bound, _effect in bands if bound is not None]
    outcomes = [_outcome(effect, answer, bound=bound) for bound, effect in bands]
    better = "lower" if bounds[-1] > bounds[0] else "higher"
    limit = {"min" if better == "higher" else "max": bounds[-1]}
    grades = {grade: _asked_for(grade, bands) for grade in GRADES}
    return _check(
        code, chapter, "number", *words, answer,
        unit=unit, better=better, thresholds=grades, bands=outcomes, **limit,
    )  # fmt: skip


def _asked_for(grade: str, bands: tuple[tuple[int | None, Effect], ...]) -> int:
    """The bound of the last band that still reaches `grade`."""
    at_least = GRADES[: GRADES.index(grade) + 1]
    return [bound for bound, effect in bands if bound is not None and effect[0] in at_least][-1]


def _touch_screen(answer: str) -> tuple[Check, ...]:
    return (
        _test("screen", "touch", _("Touch answers everywhere"), _("Draw over the whole grid, edges included, with two fingers"), answer),
        _test("screen", "pixels", _("No dead pixel, line or spot"), _("White, black, red, green and blue, one minute each"), answer),
        _test("screen", "brightness", _("Even and full brightness, no burn-in"), _("Grey picture at 10% and at 100%"), answer),
        _marks("screen", "screen_marks", _("Marks on the glass"), "screen", _("Cracked or chipped")),
    )  # fmt: skip


IDENTITY = (
    _test("identity", "model", _("Model, storage and colour are those announced"), _("Compare the label, the system information and the device")),
    _test("identity", "serial", _("Serial number in the system and on the device agree"), _("Read both; photograph the label")),
)  # fmt: skip
IMEI = (
    _test("identity", "model", _("Model, storage and colour are those announced"), _("Compare the label, the system information and the device")),
    _test("identity", "imei", _("IMEI in the system, on the tray and on the trade agree"), _("Dial *#06#; read the tray; compare")),
    _test("identity", "registry", _("IMEI clean in the stolen-device registry"), _("Ask the registry on the day of inspection")),
    _test("identity", "network", _("Free of network and subsidy lock"), _("Insert cards of two operators")),
)  # fmt: skip
LOCKS = (
    _test("security", "account", _("No account lock"), _("Reset, then start up without the previous owner's account")),
    _test("security", "management", _("No remote management profile"), _("Start up on Wi-Fi after the reset; no organisation claims the device")),
    _test("security", "erasure", _("Data erased, certificate issued"), _("Erase to NIST SP 800-88 “Purge”; file the certificate with the serial number")),
)  # fmt: skip
RESET = (
    _test("security", "account", _("No account left on the device"), _("Reset to factory settings and start up")),
    _test("security", "erasure", _("Stored data erased"), _("Erase all user storage; note it on the sheet")),
)  # fmt: skip
GENUINE = (
    _scale(
        "identity", "parts", (_("Origin of the parts"), _("Read the parts history where the maker has one; open and look where not")), None,
        ("original", _("All parts are the maker's own"), FLAWLESS),
        ("compatible", _("A part of equivalent quality, named on the sheet"), MICRO),
        ("unknown", _("A part of unknown origin"), MISSING),
    ),
)  # fmt: skip
CLEAN = (
    _test("body", "hygiene", _("Cleaned and disinfected"), _("Brush ports and grilles; wipe with 70% isopropanol")),
)  # fmt: skip
POWER = _test("functions", "power", _("Starts up and stays on"), _("Cold start, then 30 minutes of load"), "turns_on")
BODY = (
    _marks("body", "back", _("Marks on the back"), "body", _("Cracked")),
    _marks("body", "frame", _("Marks on the sides"), "body", _("Cracked or bent")),
)  # fmt: skip
RADIO = (
    _test("functions", "wifi", _("Wi-Fi holds at five metres"), _("Transfer 1 GB, 2.4 and 5 GHz"), "works"),
    _test("functions", "bluetooth", _("Bluetooth pairs and plays"), _("Pair with the reference speaker"), "works"),
)  # fmt: skip
MOBILE_SOUND = (
    _test("functions", "sound", _("Speakers and microphones are clear"), _("Sweep from 100 Hz to 10 kHz; record ten seconds with each"), "works"),
    _test("functions", "cameras", _("Cameras focus, without spot or shake"), _("Photograph the test chart with each, flash on and off"), "works"),
    _test("functions", "buttons", _("Buttons and vibration answer"), _("Press each ten times"), "works"),
    _test("functions", "biometrics", _("Fingerprint or face is recognised"), _("Enrol, lock, unlock five times"), "works"),
    _test("functions", "charging", _("Charges at its rated power"), _("By cable, and without one where it can; move the plug gently"), "works"),
)  # fmt: skip
CELL: tuple[tuple[int | None, Effect], ...] = ((90, FLAWLESS), (85, MICRO), (80, LIGHT), (None, MISSING))
CAPACITY = (_("Battery health"), _("Read the cell's full capacity against its design capacity, after one full cycle"))
HEALTH = _number("battery", "battery_health", CAPACITY, "battery", "%", *CELL)
SWELLING = _test(
    "battery",
    "swelling",
    _("Battery is flat and cool"),
    _("Look at the gap of the case; charge for 20 minutes, below 40 °C"),
    "battery",
)
SMALL_CELL: tuple[tuple[int | None, Effect], ...] = ((90, FLAWLESS), (85, MICRO), (80, HIDDEN), (None, MISSING))
RUNTIME = (_("Running time against the maker's figure"), _("One full discharge at half volume or half brightness"))
SMALL_BATTERY = _number("battery", "runtime", RUNTIME, "battery", "%", *SMALL_CELL)
PANEL = (
    _number("screen", "dead_pixels", (_("Dead or stuck pixels"), _("White, black, red, green and blue, in the dark")), "panel", _("pixels"), (0, FLAWLESS), (2, VISIBLE), (None, BROKEN)),
    _test("screen", "lines", _("No line, flicker or large spot"), _("Ten minutes of moving pictures, then a grey field"), "panel"),
    _scale(
        "screen", "uniformity", (_("Evenness of the picture"), _("Grey field at 5% and 50%, in the dark")), "panel",
        ("even", _("Even"), FLAWLESS),
        ("slight", _("Slight clouds, in the dark only"), HIDDEN),
        ("clear", _("Clouds or shadows seen by day"), VISIBLE),
        ("burn_in", _("Burnt-in pictures"), BROKEN),
        ("broken", _("Cracked or leaking panel"), SHATTERED),
    ),
)  # fmt: skip
MAINS = (
    _test("functions", "safety", _("Electrically safe"), _("Insulation and earth test to EN 50678")),
    _test("accessories", "cable", _("Mains cable or power supply complies"), _("CE mark, rated power, no damage")),
)  # fmt: skip
RECEIVED_CHARGER = _scale(
    "accessories", "received_charger", (_("Charger, cable or battery received with the device"), _("Compare with what was announced; the plant adds what is missing")), "charger",
    ("original", _("The maker's own"), FLAWLESS), ("other", _("Another that fits"), ASIDE), ("none", _("None"), ASIDE),
)  # fmt: skip
CHARGER = _test(
    "accessories", "charger", _("Charger or cable complies"), _("Rated power, CE mark; original or certified")
)
DEEP = (
    _test("functions", "stress", _("Stable under load"), _("Processor and memory test for 30 minutes; no crash, no throttling below base clock"), "stable"),
    _test("functions", "disk", _("Drive is healthy"), _("SMART: no reallocated sector, 80% of life or more left"), "works"),
    _test("functions", "memory", _("Memory without error"), _("One full pass of the memory test"), "works"),
    _test("functions", "fans", _("Fans run freely and quietly"), _("Listen at full speed; blow out dust; renew thermal paste over three years"), "works"),
)  # fmt: skip

PHONE = (
    *IMEI, *GENUINE, *LOCKS, POWER,
    _test("functions", "calls", _("Calls are clear both ways"), _("Call with the ear, the loudspeaker and a headset"), "works"),
    _test("functions", "mobile_data", _("Mobile data on each band of the country"), _("4G, and 5G where it has it"), "works"),
    *RADIO, *MOBILE_SOUND,
    _test("functions", "sensors", _("Proximity, light, compass and location"), _("Run the service menu"), "works"),
    _test("functions", "liquid", _("No trace of liquid"), _("Look at the indicator in the tray slot"), "water"),
    *_touch_screen("display"), *BODY, HEALTH, SWELLING, CHARGER, *CLEAN,
)  # fmt: skip
TABLET = (
    *IDENTITY, *GENUINE, *LOCKS, POWER, *RADIO, *MOBILE_SOUND,
    _test("functions", "pen", _("Pen and keyboard connectors answer"), _("Attach the reference pen and keyboard"), "works"),
    *_touch_screen("display"), *BODY, HEALTH, SWELLING, CHARGER, *CLEAN,
)  # fmt: skip
LAPTOP = (
    *IDENTITY, *GENUINE, *LOCKS,
    _test("security", "firmware", _("No firmware password"), _("Enter the setup; reset it"), "works"),
    POWER, {**DEEP[0], "answer": "works"}, *DEEP[1:], *RADIO,
    _test("functions", "keyboard", _("Every key answers, in the announced layout"), _("Press each key; compare the legends"), "works"),
    _test("functions", "trackpad", _("Trackpad moves and clicks everywhere"), _("Click the four corners; two-finger scroll"), "works"),
    _test("functions", "ports", _("Every port works"), _("Data, picture and charge on each"), "works"),
    _test("functions", "camera", _("Camera, microphone and speakers are clear"), _("Record and play a minute"), "works"),
    *PANEL,
    _marks("screen", "screen_marks", _("Marks on the screen"), "screen", _("Cracked")),
    _marks("body", "lid", _("Marks on the lid and the base"), "body", _("Cracked")),
    _marks("body", "palm_rest", _("Wear of keys and palm rest"), "body", _("Broken or missing key")),
    _scale("body", "hinges", (_("Hinges"), _("Open to 30°, 90° and 120°; let go")), "body",
           ("firm", _("Hold at any angle"), FLAWLESS), ("soft", _("Give way a little"), VISIBLE), ("broken", _("Broken"), CRACKED)),
    HEALTH,
    SWELLING,
    _test("accessories", "charger", _("Charger of the rated power is included"), _("CE mark; original or certified; cable without damage")),
    RECEIVED_CHARGER, *CLEAN,
)  # fmt: skip
DESKTOP = (
    *IDENTITY, *GENUINE, *LOCKS, POWER, *DEEP, *RADIO,
    _test("functions", "ports", _("Every port works"), _("USB, audio and network, one after the other"), "works"),
    _test("functions", "video", _("Picture on each video output"), _("Reference monitor at full resolution; with an all-in-one, its own panel"), "works"),
    _test("functions", "firmware", _("No firmware password, clock battery above 3 V"), _("Enter the setup; measure")),
    _marks("body", "case", _("Marks on the case"), "body", _("Cracked or badly bent")),
    _marks("body", "front", _("Marks on the front"), "body", _("Cracked")),
    _scale("body", "complete", (_("Covers and screws"), _("Compare with the maker's drawing")), "opened",
           ("all", _("All there, the maker's"), FLAWLESS), ("missing", _("Some missing or foreign: to be replaced"), MISSING)),
    *MAINS, RECEIVED_CHARGER, *CLEAN,
)  # fmt: skip
MONITOR = (
    *IDENTITY, *GENUINE, POWER, *PANEL,
    _test("screen", "backlight", _("Brightness at least 80% of the maker's figure"), _("Measure the centre after 20 minutes"), "panel"),
    _test("functions", "inputs", _("Every input shows a picture"), _("Full resolution and rate on each"), "works"),
    _test("functions", "hub", _("USB hub and sound work"), _("Data on each port; headphone output"), "works"),
    _test("functions", "menu", _("Menu keys answer"), _("Each key ten times; reset the settings"), "works"),
    _marks("screen", "screen_marks", _("Marks on the surface"), "body", _("Cracked")),
    _marks("body", "bezel", _("Marks on frame and back"), "body", _("Cracked")),
    _scale("accessories", "stand", (_("Stand"), _("Mount it; raise, tilt and turn it")), "stand",
           ("sound", _("Complete and steady"), FLAWLESS), ("worn", _("Marked, but steady"), HIDDEN),
           ("missing", _("Missing or unsteady: to be replaced before sale"), MISSING)),
    *MAINS, *CLEAN,
)  # fmt: skip
TELEVISION = (
    *IDENTITY, *GENUINE, *RESET, POWER, *PANEL,
    _test("functions", "inputs", _("Every HDMI input shows a picture"), _("Full resolution and rate on each"), "works"),
    _test("functions", "tuner", _("Aerial and satellite tuners find stations"), _("Full scan on the reference signal"), "works"),
    _test("functions", "smart", _("Smart system starts and updates"), _("Play a film over Wi-Fi and over cable"), "works"),
    _test("functions", "speakers", _("Speakers are clear"), _("Sweep at half volume; no rattle"), "works"),
    _test("functions", "buttons", _("Buttons and infrared receiver answer"), _("From three metres, at 30° to each side"), "works"),
    _marks("screen", "screen_marks", _("Marks on the surface"), "body", _("Cracked")),
    _marks("body", "bezel", _("Marks on frame and back"), "body", _("Cracked")),
    _scale("accessories", "received_remote", (_("Remote control received with the device"), _("Compare with what was announced")), "remote",
           ("yes", _("The maker's own"), FLAWLESS), ("other", _("One of another make"), ASIDE), ("no", _("None"), ASIDE)),
    _test("accessories", "remote", _("Remote control works, with fresh batteries"), _("Every key; original or of the same functions")),
    _scale("accessories", "stand", (_("Stand or feet"), _("Mount them with all screws")), "stand",
           ("complete", _("Complete"), FLAWLESS), ("marked", _("Marked, but steady"), HIDDEN),
           ("missing", _("Missing: to be replaced before sale"), MISSING)),
    *MAINS, *CLEAN,
)  # fmt: skip
CONSOLE = (
    *IDENTITY, *GENUINE, *RESET,
    _test("security", "ban", _("Not banned from the maker's network"), _("Go online with a test account"), "banned"),
    POWER,
    _test("functions", "drive", _("Reads discs or cartridges"), _("Three of them, from the first and the last track"), "games"),
    _test("functions", "play", _("Plays two hours without stopping"), _("A demanding game; watch the temperature"), "games"),
    _test("functions", "picture", _("Picture and sound at full resolution"), _("HDMI at its highest mode; own screen of a portable one"), "works"),
    _test("functions", "ports", _("USB ports charge and transfer"), _("Each of them"), "works"),
    *RADIO,
    _test("functions", "fan", _("Fan clean and quiet, thermal paste renewed"), _("Open, blow out, renew; below 50 dB at one metre"), "works"),
    _scale("accessories", "controller", (_("Controller"), _("Every key; sticks centred within 5%")), "controller",
           ("fine", _("Works, without marks"), FLAWLESS), ("marked", _("Works, with marks"), HIDDEN),
           ("drift", _("Drifts, sticks or is missing: to be replaced before sale"), MISSING)),
    _marks("body", "top", _("Marks on the top and the front"), "body", _("Cracked")),
    _marks("body", "sides", _("Marks on the other sides"), "body", _("Cracked, or a piece is missing")),
    *MAINS, *CLEAN,
)  # fmt: skip
HEADPHONES = (
    *IDENTITY, *GENUINE, *RESET[:1], POWER,
    _test("functions", "balance", _("Left and right within 3 dB"), _("Sound box, 1 kHz"), "sound"),
    _test("functions", "response", _("No crackling or distortion"), _("Sweep from 20 Hz to 20 kHz at 85 dB"), "sound"),
    _test("functions", "cancelling", _("Noise cancelling takes at least 15 dB, where it has it"), _("Pink noise in the sound box"), "sound"),
    _test("functions", "microphone", _("Microphones are clear"), _("A recorded call"), "sound"),
    _test("functions", "bluetooth", _("Pairs and holds at ten metres"), _("Five minutes of music"), "turns_on"),
    _test("functions", "controls", _("Keys and touch answer"), _("Each command three times"), "sound"),
    _test("accessories", "pieces", _("Both sides and the case are one set"), _("Compare the serial numbers"), "pieces"),
    _scale("accessories", "received_cushions", (_("Cushions or tips as received"), _("Before renewing them")), "cushions",
           ("good", _("Whole and clean"), FLAWLESS), ("worn", _("Worn"), ASIDE), ("torn", _("Torn or missing"), ("PREMIUM", True, "used"))),
    _test("accessories", "cushions", _("Cushions or tips are new"), _("Always renewed, for hygiene")),
    _marks("body", "shell", _("Marks on the shells"), "body", _("Cracked")),
    _marks("body", "headband", _("Marks on headband or case"), "body", _("Cracked, or a hinge is broken")),
    SMALL_BATTERY, CHARGER, *CLEAN,
)  # fmt: skip
WATCH = (
    *IDENTITY, *GENUINE, *LOCKS, POWER,
    _test("functions", "pairing", _("Pairs with a phone and updates"), _("Reference phone; full start-up"), "works"),
    _test("functions", "heart", _("Heart rate within five beats of the reference"), _("One minute on the wrist"), "works"),
    _test("functions", "sensors", _("Location, movement and compass"), _("Service menu; 200 m outside"), "works"),
    _test("functions", "crown", _("Crown and keys answer"), _("Each ten times"), "works"),
    _test("functions", "sound", _("Speaker, microphone and vibration"), _("Record and play"), "works"),
    _test("functions", "seal", _("Tight at 0.5 bar"), _("Air-pressure test after resealing; note the value")),
    *_touch_screen("works"),
    _marks("body", "case", _("Marks on the case"), "body", _("Cracked")),
    _marks("body", "sensor_glass", _("Marks on the back"), "body", _("Cracked, or the back is loose")),
    _number("battery", "battery_health", CAPACITY, "battery", "%", *SMALL_CELL),
    _scale("accessories", "received_strap", (_("Strap and cable received with the device"), _("Compare with what was announced")), "strap",
           ("both", _("Both"), FLAWLESS), ("one", _("One of them"), ASIDE), ("none", _("Neither"), ASIDE)),
    _test("accessories", "strap", _("Strap is new"), _("Always renewed, for hygiene")),
    CHARGER, *CLEAN,
)  # fmt: skip
CAMERA = (
    *IDENTITY, *GENUINE, *RESET[1:], POWER,
    _test("functions", "autofocus", _("Autofocus is quick and exact"), _("Focus chart at three distances"), "works"),
    _test("functions", "shutter", _("Shutter times are exact"), _("1/60, 1/500 and 1/2000 s, within a third of a stop"), "works"),
    _number("functions", "shutter_count", (_("Share of the shutter's rated life used"), _("Read the count; divide by the maker's rating; 0 without a mechanical shutter")), None, "%", (10, FLAWLESS), (30, MICRO), (60, HIDDEN), (90, VISIBLE), (None, MISSING)),
    _test("functions", "sensor", _("No dead line, no spot after cleaning"), _("White wall at f/16 and black frame of 30 s"), "sensor"),
    _test("functions", "dials", _("Dials, keys and flash shoe answer"), _("Each position"), "works"),
    _test("functions", "slots", _("Card slots read and write"), _("Fast card; fill 8 GB"), "works"),
    _test("functions", "display", _("Screen and viewfinder without a fault"), _("White, black and colours"), "works"),
    _test("functions", "ports", _("Ports and wireless work"), _("USB, HDMI, microphone, Wi-Fi"), "works"),
    _scale("functions", "lens", (_("Glass of the lens"), _("Light through it, from both ends; none: choose clear")), "lens",
           ("clear", _("Clear"), FLAWLESS), ("dust", _("Inner dust that pictures do not show"), HIDDEN),
           ("marks", _("Marks that pictures do not show"), VISIBLE), ("fungus", _("Fungus, haze or a crack"), SHATTERED)),
    _marks("body", "body_marks", _("Marks on the body"), "body", _("Cracked, or a piece is missing")),
    _marks("screen", "screen_marks", _("Marks on the screen"), "body", _("Cracked")),
    _number("battery", "runtime", RUNTIME, None, "%", *SMALL_CELL), CHARGER, RECEIVED_CHARGER, *CLEAN,
)  # fmt: skip
SPEAKER = (
    *IDENTITY, *GENUINE, *RESET[:1], POWER,
    _test("functions", "response", _("No rattle or distortion"), _("Sweep from 40 Hz to 20 kHz at 85 dB"), "sound"),
    _test("functions", "drivers", _("Each driver plays"), _("Listen at 20 cm from each"), "sound"),
    _test("functions", "microphone", _("Microphones hear a voice at three metres"), _("Voice command, or a recorded call"), "sound"),
    _test("functions", "endurance", _("Plays an hour at high volume"), _("Music at 80%; below 50 °C"), "sound"),
    _test("functions", "buttons", _("Keys and lights answer"), _("Each three times"), "works"),
    *RADIO,
    _test("functions", "ports", _("Ports work"), _("Line, USB or network, where it has them"), "works"),
    _marks("body", "grille", _("Marks on cloth or grille"), "body", _("Torn or pushed in")),
    _marks("body", "shell", _("Marks on the shell"), "body", _("Cracked")),
    *MAINS, RECEIVED_CHARGER, *CLEAN,
)  # fmt: skip
EREADER = (
    *IDENTITY, *GENUINE, *LOCKS, POWER,
    _test("functions", "pages", _("Turns a hundred pages without a trace"), _("Automatic run; look for ghosts"), "display"),
    _test("functions", "light", _("Front light is even"), _("At 10% and 100%, in the dark"), "works"),
    _test("functions", "wifi", _("Wi-Fi downloads a book"), _("From the test account"), "works"),
    _test("functions", "charging", _("Charges and transfers by cable"), _("Move the plug gently"), "works"),
    _test("functions", "buttons", _("Keys answer"), _("Each ten times"), "works"),
    _test("screen", "touch", _("Touch answers everywhere"), _("Draw over the whole grid"), "works"),
    _marks("screen", "screen_marks", _("Marks on the screen"), "screen", _("Cracked")),
    *BODY, SMALL_BATTERY, CHARGER, *CLEAN,
)  # fmt: skip


def _version_1(checks: tuple[Check, ...]) -> dict[str, Any]:
    return {"version": 1, "checks": list(checks)}


GRADING: Mapping[str, dict[str, Any]] = {
    "smartphones": _version_1(PHONE),
    "tablets": _version_1(TABLET),
    "laptops": _version_1(LAPTOP),
    "desktops": _version_1(DESKTOP),
    "monitors": _version_1(MONITOR),
    "televisions": _version_1(TELEVISION),
    "consoles": _version_1(CONSOLE),
    "headphones": _version_1(HEADPHONES),
    "watches": _version_1(WATCH),
    "cameras": _version_1(CAMERA),
    "speakers": _version_1(SPEAKER),
    "e-readers": _version_1(EREADER),
}
