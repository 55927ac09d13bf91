"""What can be wrong with a device, by category: the guided choice that opens a claim. Codes are stable."""

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# Everything a device may have, whatever it is.
COMMON: dict[str, str | Promise] = {
    "DOES_NOT_START": _("It does not start"),
    "TURNS_OFF": _("It turns itself off or restarts"),
    "CHARGING": _("It does not charge"),
    "LOOKS": _("It looks worse than its grade promises"),
    "WRONG_DEVICE": _("It is not the device I ordered"),
    "LOCKED": _("It is locked by an account or a code"),
    "MISSING_PART": _("Something is missing in the parcel"),
    "DAMAGED_PARCEL": _("The parcel arrived damaged"),
    "OTHER": _("Something else"),
}
SPECIFIC: dict[str, str | Promise] = {
    "BATTERY": _("The battery does not last"),
    "SCREEN": _("The screen has a fault"),
    "TOUCH": _("The touch screen does not respond"),
    "SOUND": _("Loudspeaker, microphone or sound"),
    "CAMERA": _("The camera does not work"),
    "NETWORK": _("No mobile network, Wi-Fi or Bluetooth"),
    "BUTTONS": _("A button does not work"),
    "KEYBOARD": _("Keyboard or touchpad"),
    "PORTS": _("A port does not work"),
    "NOISE": _("It is too loud or too hot"),
    "DRIVE": _("Disc drive or storage"),
    "CONTROLLER": _("A controller does not work"),
    "PICTURE": _("No picture, lines or spots"),
    "REMOTE": _("The remote control does not work"),
    "PAIRING": _("It does not connect or pair"),
    "LENS": _("Lens, focus or shutter"),
    "SENSORS": _("A sensor measures wrong"),
}
OF_CATEGORY: dict[str, tuple[str, ...]] = {
    "smartphones": ("BATTERY", "SCREEN", "TOUCH", "SOUND", "CAMERA", "NETWORK", "BUTTONS"),
    "tablets": ("BATTERY", "SCREEN", "TOUCH", "SOUND", "CAMERA", "NETWORK", "BUTTONS"),
    "laptops": ("BATTERY", "SCREEN", "KEYBOARD", "SOUND", "NETWORK", "PORTS", "NOISE"),
    "desktops": ("NETWORK", "PORTS", "NOISE", "DRIVE"),
    "monitors": ("PICTURE", "PORTS", "SOUND", "BUTTONS"),
    "televisions": ("PICTURE", "SOUND", "PORTS", "REMOTE", "NETWORK"),
    "consoles": ("DRIVE", "CONTROLLER", "PICTURE", "NOISE", "NETWORK", "PORTS"),
    "headphones": ("BATTERY", "SOUND", "PAIRING", "BUTTONS"),
    "watches": ("BATTERY", "SCREEN", "TOUCH", "SENSORS", "PAIRING", "BUTTONS"),
    "cameras": ("BATTERY", "SCREEN", "LENS", "BUTTONS", "DRIVE"),
}
# What the plant did not cause by its work on the device: no defect against it.
NOT_DEFECTS = frozenset({"DAMAGED_PARCEL"})
LABELS = {**SPECIFIC, **COMMON}


def issues_of(category_slug: str) -> list[tuple[str, str | Promise]]:
    """(code, label) pairs to choose from, the category's own first."""
    codes: Iterable[str] = (*OF_CATEGORY.get(category_slug, ()), *COMMON)
    return [(code, LABELS[code]) for code in codes]
