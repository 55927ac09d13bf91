"""How to find a device's number, how to free a device from its account, and how to mend a suspended trade."""

from dataclasses import dataclass

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


class Suspension(models.TextChoices):
    LOCKED = "locked", _("an account still locks the device")
    BLOCKLISTED = "blocklisted", _("the device is reported lost or stolen")
    EMPTY_PARCEL = "empty_parcel", _("the parcel was empty")
    WRONG_DEVICE = "wrong_device", _("another device was in the parcel")


HOW_TO_MEND: dict[str, Text] = {
    Suspension.LOCKED: _(
        "Sign out of the device's account from any browser (the steps for your maker are below), then write to the "
        "plant that it is done."
    ),
    Suspension.BLOCKLISTED: _(
        "Ask your operator or insurer to lift the report, and write to the plant when it is done. If you found the "
        "report unjustified, say so in a message."
    ),
    Suspension.EMPTY_PARCEL: _("Write to the plant what you had packed and when; the courier is asked too."),
    Suspension.WRONG_DEVICE: _("Write to the plant which device you meant to send; it can go back to you free."),
}


@dataclass(frozen=True)
class LockGuide:
    """The steps to remove a maker's account lock, on the device and from afar."""

    name: Text
    steps: tuple[Text, ...]
    remote: Text


APPLE = LockGuide(
    _("Apple: Find My"),
    (
        _("Open Settings, touch your name, then Find My, and switch Find My off with your password."),
        _("Back in Settings, touch your name and Sign Out."),
        _("Settings, General, Transfer or Reset: Erase All Content and Settings."),
    ),
    _("Without the device: sign in at iCloud.com, Find Devices, choose it, Remove This Device."),
)
GOOGLE = LockGuide(
    _("Google account"),
    (
        _("Open Settings, Passwords and accounts, choose each Google account and Remove account."),
        _("Settings, System, Reset options: Erase all data."),
    ),
    _("Without the device: myaccount.google.com, Security, Your devices, Sign out."),
)
SAMSUNG = LockGuide(
    _("Samsung and Google accounts"),
    (
        _("Open Settings, touch your name at the top, then Sign out of the Samsung account."),
        *GOOGLE.steps,
    ),
    _("Without the device: smartthingsfind.samsung.com, choose it, Remove device."),
)
MICROSOFT = LockGuide(
    _("Microsoft account and BitLocker"),
    (
        _("Sign out of Microsoft 365 and of other programs that count devices."),
        _("Settings, System, Recovery: Reset this PC, Remove everything."),
    ),
    _("Without the device: account.microsoft.com, Devices, Remove device."),
)
CONSOLE = LockGuide(
    _("Console account"),
    (
        _("In the settings, deactivate the console as your primary one and sign out of every account."),
        _("Settings, System: initialise the console, everything included. Keep no disc in the drive."),
    ),
    _("Without the device: deactivate it in the account settings on the maker's web site."),
)
ANY = LockGuide(
    _("Accounts and pairing"),
    (
        _("Sign out of every account on the device and unpair it from your telephone."),
        _("Reset it to its factory settings; the menu is usually under Settings, System or General."),
    ),
    _("Without the device: remove it from the list of devices on the maker's web site."),
)

_BY_BRAND = {"apple": APPLE, "samsung": SAMSUNG, "google": GOOGLE, "microsoft": MICROSOFT}
_BY_CATEGORY = {
    "smartphones": GOOGLE,
    "tablets": GOOGLE,
    "laptops": MICROSOFT,
    "desktops": MICROSOFT,
    "consoles": CONSOLE,
}


def lock_guide(brand: str, category: str) -> LockGuide:
    """The guide of the maker, else of the category, else the general one."""
    if category == "consoles":
        return CONSOLE
    return _BY_BRAND.get(brand.lower()) or _BY_CATEGORY.get(category, ANY)


def how_to_find(kind: str) -> Text:
    """Where a device's IMEI or serial number stands."""
    if kind == "imei":
        return _("Dial *#06# as if to call, or look in Settings, General or About. It has 15 digits.")
    return _("On a label under or behind the device, and in its settings under About. 5 to 20 letters and digits.")
