# ruff: noqa: E501
"""What people say in the demo (reviews, replies, claims), and the guides that everybody reads.

Reviews and messages are invented and stand for user content, so they are not marked for translation; issues and
guides are ours, and are.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_noop as _

FAMILIES: Mapping[str, str] = {
    "smartphones": "phone", "tablets": "tablet", "laptops": "laptop", "desktops": "desktop", "monitors": "monitor",
    "televisions": "television", "consoles": "console", "headphones": "headphones", "watches": "watch",
    "cameras": "camera", "speakers": "speaker", "e-readers": "reader",
}  # fmt: skip
"""Category to family of words; the family "any" fits all."""

REVIEWS: Mapping[int, Mapping[str, tuple[str, ...]]] = {
    5: {
        "tablet": (
            "Screen without a mark, battery lasts two evenings of films.",
            "My daughter draws on it every day, the pen works at once.",
        ),
        "watch": (
            "Pairs in a minute, new strap in the box, glass perfect.",
            "Went swimming with it twice, no problem.",
        ),
        "desktop": (
            "Small, silent, quick. It hides behind the screen.",
            "Memory and drive as ordered, dust-free inside.",
        ),
        "monitor": (
            "No dead pixel, even backlight, sturdy stand.",
            "One USB-C cable and my desk is tidy. Superb picture.",
        ),
        "speaker": (
            "Fills the room, not a rattle at full volume.",
            "Joined my other ones in two minutes.",
        ),
        "reader": ("Sharp page, even light, weeks of battery. I read again.",),
        "any": (
            "Arrived in two days, clean and well packed. Exactly what the grade promised.",
            "I looked for the scratches for ten minutes and gave up. Very happy.",
            "Second order from this plant, same care. The handwritten card is a nice touch.",
            "Half the price of the shop and it does the same job. Why did I ever buy otherwise?",
            "A question on Sunday evening, an answer on Monday at 9:05 from a real person. Bravo.",
            "Spotless. My son thinks I paid full price.",
            "Everything as described, accessories included, and the invoice was in the box.",
            "Honestly, I would have given it a better grade than the plant did.",
            "Quick, tidy, no surprise. I recommend.",
            "The test sheet in the parcel lists every check with a signature. That inspires confidence.",
            "Bought for my mother, she uses it every day without a hitch.",
            "It broke after four months, they repaired it in three days. That is how guarantees should work.",
            "Packed in cardboard only, not a gram of plastic. And the device is perfect.",
        ),
        "phone": (
            "Battery at 94%, screen flawless, SIM recognised at once.",
            "Battery health shows 100%, they really changed it.",
            "Face recognition, cameras, speakers: I tried everything and everything works.",
            "Not one mark on the glass. A tiny one on the frame that I only found with a lamp.",
            "Transferred my data in twenty minutes and forgot that it was refurbished.",
            "Third phone for the family here and still the best one.",
        ),
        "laptop": (
            "Starts in eight seconds, quiet, keyboard without shine. My studies are saved.",
            "Only 41 battery cycles on the counter. Impressive.",
            "The right AZERTY keyboard, no stickers. They listened.",
            "Fans cleaned, fresh paste: it stays cool even while compiling.",
            "Eight of these in our office for a year, zero failures.",
        ),
        "television": (
            "No dead pixel, even backlight. They tested it in the dark, and so did I.",
            "Delivered by two people up to the third floor. Picture is superb.",
            "Stand, remote and even fresh batteries were in the box.",
        ),
        "console": (
            "Silent, clean, controller without drift. Played all weekend.",
            "Came with every cable. The kids were online in ten minutes.",
            "You can tell that somebody opened it and cleaned the fan.",
        ),
        "headphones": (
            "New cushions, great sound, noise cancelling works wonders on the train.",
            "Both sides play equally loud and the case looks great.",
            "For this price the sound is unbeatable.",
        ),
        "camera": (
            "Shutter count 3,120, printed on the note and true. Sensor without a speck.",
            "Autofocus is spot on. The lens glass is clear as water.",
            "Came with a second battery that I did not expect.",
        ),
    },
    4: {
        "tablet": ("Very good, slight wear around the port.",),
        "watch": ("Runs a day and a half, tiny mark on the case.",),
        "desktop": ("Good machine, a scratch on the side panel that faces the wall.",),
        "monitor": ("Great picture, stand slightly stiff.",),
        "speaker": ("Good sound, the base is a bit scuffed.",),
        "reader": ("Good reader, edge a little shiny.",),
        "any": (
            "Very good device, parcel took a day longer than announced.",
            "Works perfectly. One scratch more than I expected of this grade, but it stays in its case anyway.",
            "Good purchase. I would have liked a longer cable.",
            "All fine, but the tracking did not move for two days and I worried.",
            "Honest description, fair price.",
            "Everything works. The box had a dent, the content did not.",
            "Slight mark on one corner, otherwise faultless.",
            "Friendly service, though I had to write twice.",
            "Good value. Cleaned well, except one port with some dust.",
            "Does what it should. One star less for the missing manual.",
        ),
        "phone": (
            "Battery at 86%, within the promise, but I had hoped for more.",
            "Great phone, micro-scratches on the back that nobody sees.",
            "All works, the charger is not the maker's own but charges fast.",
            "Screen perfect, the frame shows a little wear near the port.",
            "Good phone, arrived half charged and updated.",
        ),
        "laptop": (
            "Quick machine, light shine on two keys.",
            "Battery lasts four hours, fine for lectures.",
            "Good laptop, the fan can be heard when it works hard.",
            "Lid has a faint line, screen is perfect.",
            "The charger is from another brand, it does its job.",
        ),
        "television": (
            "Very good picture, light cloud in one corner on black scenes only.",
            "Great screen, the stand was a little tight to mount.",
            "Remote is a compatible one, works well.",
        ),
        "console": (
            "Runs well, the controller shows some wear.",
            "Fine console, the fan gets loud on big games.",
            "All good, the shell has a scratch underneath.",
        ),
        "headphones": (
            "Sound is great, headband has a small mark.",
            "Battery lasts about 20 hours, a bit less than on the box.",
            "Pairs quickly. Case a little scuffed.",
        ),
        "camera": (
            "Takes lovely pictures, rubber grip slightly worn.",
            "Good body, strap was missing and they sent one at once.",
        ),
    },
    3: {
        "watch": ("Works, but the battery barely lasts the day.",),
        "monitor": ("Fine, though one corner is darker at night.",),
        "tablet": ("Works well, back more scratched than I thought.",),
        "any": (
            "Works, but the grade seems generous to me.",
            "Correct for the price, no more. Delivery was slow.",
            "I received the right model but another colour than the one ordered. They offered a partial refund.",
            "Device is fine, answer took three days.",
            "Arrived with little charge left and some dust in the ports.",
            "Average. It does the job, the cosmetic state is not what I imagined.",
            "Had to go through a claim for a missing cable. Solved in the end.",
        ),
        "phone": (
            "Battery at 81%: allowed, but I charge it twice a day.",
            "Screen is good, the back has a scratch that I feel with my nail.",
            "Works, but the speaker is weaker than on my old one.",
            "True Tone is missing, so the screen is probably not the first one. Should be said.",
        ),
        "laptop": (
            "Fast enough, but two hours of battery is short.",
            "Trackpad clicks only at the bottom. Usable.",
            "Fine inside, quite scratched outside.",
        ),
        "television": (
            "Picture good by day, clouds at night.",
            "One stuck pixel near the edge, I stopped noticing.",
        ),
        "console": (
            "It plays, but it is noisy. I expected it to be cleaned better.",
            "Left stick drifts a little. They send a new controller.",
        ),
        "headphones": ("Sound fine, microphone so-so in calls.", "Cushions were new but do not fit perfectly."),
        "camera": ("Dust on the sensor, one cleaning later all right.",),
    },
    2: {
        "watch": ("Strap broke in the second week.",),
        "desktop": ("Very noisy fan.",),
        "speaker": ("Crackles at high volume.",),
        "any": (
            "Eight days to arrive instead of three, and nobody told me.",
            "Many more scratches than its grade let me expect.",
            "Support is polite but always asks for the same photos.",
            "Missing accessory, second message without an answer so far.",
            "It works now, after a repair in the second week. Tiring.",
            "Box badly closed, device loose inside.",
        ),
        "phone": (
            "Empty by 3 p.m. every day.",
            "The phone gets hot while charging. Sent back for repair.",
            "Volume key only works when it wants to.",
            "Fingerprint reader recognises me one time in four.",
        ),
        "laptop": (
            "Hinge is loose and the screen falls back.",
            "QWERTY keyboard although I ordered AZERTY.",
            "Wi-Fi drops every hour.",
        ),
        "television": (
            "A vertical line appeared after a month. Exchange under way.",
            "Scratch in the middle of the panel.",
        ),
        "console": ("Switches off after an hour of play.", "Does not read my older discs."),
        "headphones": ("Right side is quieter than the left.", "Case does not close properly."),
        "camera": ("Sticky dial, wrong shutter count announced.",),
    },
    1: {
        "tablet": ("Touch stopped working after three days.",),
        "reader": ("The page froze for good after a week.",),
        "any": (
            "Did not start. Returned the same day; the refund came after a week.",
            "Wrong model in the parcel.",
            "Never shipped, cancelled after five days without a word.",
            "Repaired twice for the same fault. I asked for my money back and got it.",
            "Nobody answered until support stepped in. Support was excellent, the plant was not.",
        ),
        "phone": (
            "Still locked to somebody's account. Unusable.",
            "The screen lifted from the frame after two weeks.",
            "No network at all with my SIM card.",
        ),
        "laptop": ("Blue screens from day one.", "Battery swollen on arrival. Dangerous."),
        "television": ("Arrived with a broken panel.",),
        "console": ("Banned from online play. I had to return it.",),
        "headphones": ("One earphone does not charge.",),
        "camera": ("Shutter stuck after forty pictures.",),
    },
}


def reviews_for(category: str, stars: int) -> tuple[str, ...]:
    """Every text that fits a device of `category` with `stars` (1 to 5), its own family first."""
    return (*REVIEWS[stars].get(FAMILIES[category], ()), *REVIEWS[stars]["any"])


REPLIES: Mapping[str, tuple[str, ...]] = {
    "good": (
        "Thank you! We passed your words on to the technician who prepared it.",
        "So glad it suits you. See you for its check-up, in a very long time we hope.",
        "Thank you for trusting us.",
        "Your message is pinned over the bench now. Thank you!",
        "A device in use is a device not in a drawer. Thank you for that.",
        "Many thanks. If anything ever crackles, we are one message away.",
        "Thanks! It made our day.",
        "Lovely to read, enjoy it for years.",
    ),
    "mixed": (
        "Thank you for your honest words. We have shown the sheet to the grading team.",
        "Thank you for taking the time. We have changed a step on our side since.",
        "Thank you. If anything gets worse, write to us: the guarantee is there for that.",
        "Noted, and passed on to the bench that prepared it.",
        "Not perfect, we agree. If it bothers you after a week, the 30 days of return are yours.",
        "Thank you for the remark about the grade. Two of us looked at the photos again and we see your point.",
        "We would rather have heard five stars. Thank you for telling us what is missing.",
        "Glad that it serves you all the same. We will do better on the next one.",
    ),
    "bad": (
        "We are sorry. Please open a claim from your order, a prepaid label is waiting for you.",
        "This is not our standard. The device is on its way back and you will hear from Inès within the day.",
        "You deserved better. Repair, replacement or refund: the choice is yours, in your order.",
        "We found the cause, and it is now a step of its own on our sheet.",
        "That is our fault, without any excuse. Our after-sales team has written to you.",
        "This should have been seen at inspection. We have changed the order of the checks.",
        "We understand your anger. Your case was read by our workshop manager, who will call you if you wish.",
        "Our apologies. Tell us what would make it right, and we will try to do just that.",
        "We read every word and showed it to the whole team this morning. We are sorry.",
    ),
}


@dataclass(frozen=True)
class Issue:
    """One answer to "what is wrong?". `tag` is the group used in statistics; `guide` what to try or to photograph first."""

    code: str
    label: str
    tag: str
    guide: str


TAGS: Mapping[str, str] = {
    "power": _("Power and battery"),
    "screen": _("Screen"),
    "function": _("A function fails"),
    "looks": _("Looks"),
    "order": _("Order and parcel"),
    "lock": _("Locks and accounts"),
}
COMMON_ISSUES: tuple[Issue, ...] = (
    Issue(
        "does_not_turn_on",
        _("It does not turn on"),
        "power",
        _("Charge it for an hour with another cable and socket, then hold the power button for 20 seconds."),
    ),
    Issue(
        "shuts_down",
        _("It switches off by itself"),
        "power",
        _("Note when it happens and how warm it is. Install the latest update first."),
    ),
    Issue(
        "looks_worse",
        _("It looks worse than its grade"),
        "looks",
        _("Photograph each mark from 20 and from 50 centimetres, in daylight."),
    ),
    Issue(
        "wrong_item",
        _("It is not what I ordered"),
        "order",
        _("Photograph the device, its settings page and the label of the parcel."),
    ),
    Issue(
        "missing_accessory",
        _("An accessory is missing or wrong"),
        "order",
        _("Look under the flaps of the box, then tell us which one."),
    ),
    Issue(
        "damaged_parcel",
        _("It arrived damaged"),
        "order",
        _("Keep the packaging and photograph all of its sides and the label."),
    ),
    Issue("other", _("Something else"), "function", _("Describe what happens, what you expected and when it began.")),
)
BATTERY = Issue(
    "battery",
    _("The battery empties too fast"),
    "power",
    _(
        "Send a picture of the battery page in the settings. Background apps of the first days empty any battery: wait 48 hours after set-up."
    ),
)
CHARGING = Issue(
    "charging",
    _("It does not charge properly"),
    "power",
    _("Clean the port with a wooden toothpick, switched off, and try another charger."),
)
PICTURE = Issue(
    "picture",
    _("The picture has lines, spots or flickers"),
    "screen",
    _("Photograph a white and a black picture, full screen."),
)
TOUCH = Issue(
    "touch",
    _("The screen does not answer to touch"),
    "screen",
    _("Remove any protection, restart, and tell us which part does not answer."),
)
SOUND = Issue(
    "sound", _("Speaker, microphone or sound"), "function", _("Try with and without a headset, and in two apps.")
)
CAMERA_ISSUE = Issue(
    "camera", _("The camera is blurred or fails"), "function", _("Clean the glass, take two pictures and join them.")
)
NETWORK = Issue(
    "network",
    _("No network, Wi-Fi or Bluetooth"),
    "function",
    _("Reset the network settings and try another network or card."),
)
LOCK = Issue(
    "locked",
    _("It asks for another person's account"),
    "lock",
    _("Do not try passwords. Photograph the message; we settle it with the plant."),
)
KEYS = Issue(
    "buttons", _("A button or key fails"), "function", _("Tell us which one, and whether it fails always or sometimes.")
)
NOISE = Issue(
    "noise",
    _("It is loud or gets hot"),
    "function",
    _("Place it freely on a hard surface and record ten seconds of the noise."),
)
INPUT = Issue(
    "inputs", _("An input or port fails"), "function", _("Try another cable and another source on the same port.")
)
CONTROLLER = Issue(
    "controller",
    _("The controller drifts or fails"),
    "function",
    _("Update the controller, reset it with the small hole on its back, and film the drift."),
)
DISC = Issue(
    "disc",
    _("It does not read discs or cartridges"),
    "function",
    _("Try three of them and clean the contacts with a dry cloth."),
)
LENS = Issue(
    "pictures",
    _("Pictures show spots, lines or blur"),
    "function",
    _("Photograph a white wall at f/16 and join the original file."),
)
PAIRING = Issue(
    "pairing",
    _("It does not pair or loses the connection"),
    "function",
    _("Forget the device in your phone's settings, reset it and pair again."),
)

ISSUES: Mapping[str, tuple[Issue, ...]] = {
    "smartphones": (BATTERY, CHARGING, PICTURE, TOUCH, SOUND, CAMERA_ISSUE, NETWORK, KEYS, LOCK, *COMMON_ISSUES),
    "tablets": (BATTERY, CHARGING, PICTURE, TOUCH, SOUND, CAMERA_ISSUE, NETWORK, KEYS, LOCK, *COMMON_ISSUES),
    "laptops": (BATTERY, CHARGING, PICTURE, KEYS, INPUT, NOISE, SOUND, NETWORK, LOCK, *COMMON_ISSUES),
    "desktops": (NOISE, INPUT, SOUND, NETWORK, LOCK, *COMMON_ISSUES),
    "monitors": (PICTURE, INPUT, KEYS, *COMMON_ISSUES),
    "televisions": (PICTURE, INPUT, SOUND, NETWORK, *COMMON_ISSUES),
    "consoles": (CONTROLLER, DISC, NOISE, INPUT, NETWORK, LOCK, *COMMON_ISSUES),
    "headphones": (SOUND, PAIRING, BATTERY, CHARGING, *COMMON_ISSUES),
    "watches": (BATTERY, CHARGING, TOUCH, PAIRING, KEYS, LOCK, *COMMON_ISSUES),
    "cameras": (LENS, BATTERY, KEYS, INPUT, *COMMON_ISSUES),
    "speakers": (SOUND, PAIRING, CHARGING, NETWORK, *COMMON_ISSUES),
    "e-readers": (PICTURE, TOUCH, BATTERY, CHARGING, LOCK, *COMMON_ISSUES),
}

CLAIM_MESSAGES: Mapping[str, tuple[str, ...]] = {
    "customer_opens": (
        "Hello, it worked well for three weeks and since yesterday this happens every time. I have already restarted it.",
        "Good morning, please see the photos. I did not drop it.",
        "Hi, I tried what the guide says, without success. What shall I do?",
        "Hello, it happens about once an hour. A short film is attached.",
        "I need it for work, so a quick answer would help me a lot.",
    ),
    "plant_asks": (
        "Thank you for the photos. Could you also send one of the settings page with the version?",
        "Hello, does it also happen with the charger unplugged?",
        "Sorry for the trouble! Since which day do you notice it?",
    ),
    "customer_answers": (
        "Here is the picture you asked for.",
        "Yes, with and without the charger.",
        "Since last Thursday, after an update.",
    ),
    "plant_solves": (
        "It is clear now: please send it in with the prepaid label, we repair it within five business days.",
        "A reset of the network settings often mends this: Settings, General, Reset. Tell me how it goes, I stay on the case.",
        "We replace it. The other one leaves today, use its box to send yours back.",
        "We agree, this is not the grade that you paid for. Would you rather keep it with 15% back, or have another?",
    ),
    "customer_thanks": (
        "That worked, thank you so much!",
        "It is back and works perfectly. Thank you, Marek.",
        "Thank you for being so quick.",
    ),
    "support": (
        "Hello, I am Sam of the support team. The plant has not answered in time, so I am taking over. You will hear from me before tomorrow noon.",
        "I have read the whole conversation and the test sheet. My decision is below, with its reasons.",
    ),
}
