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
    """The steps to remove a maker's account lock, on the device and, where it no longer turns on, from afar."""

    name: Text
    steps: tuple[Text, ...]
    remote: Text


BACKUP = _("Back up what you want to keep.")
ESIM = _("Delete the eSIM, if there is one, and take out the SIM and memory cards.")

APPLE = LockGuide(
    _("Apple: Find My"),
    (
        BACKUP,
        _("Open Settings, touch your name, then Find My, and switch Find My off with your password."),
        _("Back in Settings, touch your name and Sign Out."),
        _("Settings, General, Transfer or Reset: Erase All Content and Settings; this offers to delete the eSIM too."),
    ),
    _("Without the device: sign in at iCloud.com/find, choose it, erase it, then Remove This Device."),
)
MAC = LockGuide(
    _("Mac: Find My and Apple Account"),
    (
        BACKUP,
        _("Apple menu, System Settings, your name: switch Find My Mac off, then Sign Out."),
        _("System Settings, General, Transfer or Reset: Erase All Content and Settings."),
        _("On an older Mac: restart holding Command and R, erase the disk in Disk Utility, install macOS anew."),
        _("A Mac of an employer or school: have them release it from their management first."),
    ),
    _("Without the device: sign in at iCloud.com/find, choose it, erase it, then Remove This Device."),
)
APPLE_WATCH = LockGuide(
    _("Apple Watch: Activation Lock"),
    (
        _("Keep watch and iPhone together, open the Watch app, My Watch, All Watches."),
        _("Touch the info button beside the watch, then Unpair Apple Watch, and type your password."),
    ),
    _("Without the iPhone: sign in at iCloud.com/find, choose the watch, erase it, then Remove This Device."),
)
AIRPODS = LockGuide(
    _("AirPods and Beats: pairing"),
    (
        _("With them connected: Settings, touch their name, then Forget This Device."),
        _("In the Find My app, Devices, choose them and Remove This Device."),
    ),
    _("Without them: sign in at iCloud.com/find, choose them, Remove This Device."),
)
GOOGLE = LockGuide(
    _("Google account"),
    (
        BACKUP,
        _("Open Settings, Passwords and accounts, choose each Google account and Remove account."),
        _("Settings, Security: remove the screen lock."),
        ESIM,
        _("Settings, System, Reset options: Erase all data."),
    ),
    _("Without the device: erase it at google.com/android/find, then myaccount.google.com, Security, Your devices."),
)
SAMSUNG = LockGuide(
    _("Samsung and Google accounts"),
    (
        BACKUP,
        _("Open Settings, touch your name at the top, then Sign out of the Samsung account."),
        _("Settings, Accounts and backup, Manage accounts: remove every Google account."),
        ESIM,
        _("Settings, General management, Reset: Factory data reset."),
    ),
    _("Without the device: smartthingsfind.samsung.com, choose it, erase it, Remove device."),
)
XIAOMI = LockGuide(
    _("Xiaomi and Google accounts"),
    (
        BACKUP,
        _("Settings, Xiaomi Account: Sign out, which also switches Find device off."),
        _("Settings, Accounts and sync: remove every Google account."),
        ESIM,
        _("Settings, About phone, Factory reset: Erase all data."),
    ),
    _("Without the device: i.mi.com, Find device, choose it, erase it and remove it from the account."),
)
MICROSOFT = LockGuide(
    _("Windows: Microsoft account and BitLocker"),
    (
        BACKUP,
        _("Sign out of Microsoft 365 and of other programs that count devices."),
        _("Remove a firmware password; have an employer release a managed computer."),
        _("Settings, System, Recovery: Reset this PC, Remove everything, and choose to clean the drive."),
    ),
    _("Without the device: account.microsoft.com/devices, choose it, Remove device."),
)
CHROMEBOOK = LockGuide(
    _("Chromebook: Google account"),
    (
        _("Sign out, press Ctrl, Alt, Shift and R, and choose Powerwash."),
        _("A Chromebook of a school or employer: have them release it from their management first."),
    ),
    _("Without the device: myaccount.google.com, Security, Your devices: sign it out."),
)
PLAYSTATION = LockGuide(
    _("PlayStation: console sharing"),
    (
        _("Settings, Users and Accounts, Other, Console Sharing and Offline Play: Disable."),
        _("Settings, System, System Software, Reset Options: Reset Your Console."),
        _("Take the disc out of the drive."),
    ),
    _("Without the device: sign in at playstation.com, Account Management, Device Management: Deactivate."),
)
XBOX = LockGuide(
    _("Xbox: home console"),
    (
        _("Settings, General, Personalisation, My home Xbox: Remove this as my home Xbox."),
        _("Settings, System, Console info, Reset console: Reset and remove everything."),
        _("Take the disc out of the drive."),
    ),
    _("Without the device: account.microsoft.com/devices, choose it, Remove device."),
)
NINTENDO = LockGuide(
    _("Nintendo: primary console"),
    (
        _("Nintendo eShop, your picture, Primary Console: Deregister."),
        _("System Settings, System, Formatting Options: Initialise Console."),
        _("Take out the game and the memory card."),
    ),
    _("Without the device: accounts.nintendo.com, Shop Menu: deregister the primary console."),
)
CONSOLE = LockGuide(
    _("Console account"),
    (
        _("In the settings, deactivate the console as your primary one and sign out of every account."),
        _("Settings, System: initialise the console, everything included. Keep no disc in the drive."),
    ),
    _("Without the device: deactivate it in the account settings on the maker's web site."),
)
TELEVISION = LockGuide(
    _("Television: accounts and apps"),
    (
        _("Sign out of every film and music service, or they stay signed in for the next owner."),
        _("Settings, Support or System, About or Self Diagnosis: Reset to factory settings; the PIN is often 0000."),
        _("On Google TV: Settings, Accounts, choose each and Remove, before the reset."),
    ),
    _("If it does not turn on: remove the television from the list of devices of each service's web site."),
)
EREADER = LockGuide(
    _("E-reader: the shop's account"),
    (
        _("Kindle: Settings, Your Account, Deregister Device. Kobo: Settings, Accounts, Sign out."),
        _("Then, in the settings, Device options: Reset to factory settings."),
    ),
    _("Without the device: remove it on the shop's web site, under Content and Devices or My Account."),
)
CAMERA = LockGuide(
    _("Camera: pairing and cards"),
    (
        _("Take out the memory card and the strap; keep the battery in."),
        _("In its menu, Setup: reset or initialise everything, network settings too. Unpair it in the maker's app."),
    ),
    _("If it does not turn on: remove it from the maker's app on your phone."),
)
ANY = LockGuide(
    _("Accounts and pairing"),
    (
        _("Sign out of every account on the device and remove it from the maker's app on your phone."),
        _("Reset it to its factory settings; the menu is usually under Settings, System or General."),
    ),
    _("Without the device: remove it from the list of devices on the maker's web site."),
)

# The first row that fits: category ("" for any), word in the maker's or the model's name ("" for any), guide.
_GUIDES: tuple[tuple[str, str, LockGuide], ...] = (
    ("watches", "apple", APPLE_WATCH),
    ("headphones", "apple", AIRPODS),
    ("headphones", "beats", AIRPODS),
    ("laptops", "apple", MAC),
    ("desktops", "apple", MAC),
    ("smartphones", "apple", APPLE),
    ("tablets", "apple", APPLE),
    ("smartphones", "samsung", SAMSUNG),
    ("tablets", "samsung", SAMSUNG),
    ("smartphones", "xiaomi", XIAOMI),
    ("tablets", "xiaomi", XIAOMI),
    ("tablets", "microsoft", MICROSOFT),
    ("smartphones", "", GOOGLE),
    ("tablets", "", GOOGLE),
    ("laptops", "chromebook", CHROMEBOOK),
    ("laptops", "", MICROSOFT),
    ("desktops", "", MICROSOFT),
    ("consoles", "sony", PLAYSTATION),
    ("consoles", "microsoft", XBOX),
    ("consoles", "nintendo", NINTENDO),
    ("consoles", "", CONSOLE),
    ("televisions", "", TELEVISION),
    ("e-readers", "", EREADER),
    ("cameras", "", CAMERA),
)


def lock_guide(brand: str, category: str, model: str = "") -> LockGuide:
    """The guide for the maker's devices of this category, else for the category, else the general one."""
    words = f"{brand} {model}".lower()
    fitting = (guide for kind, word, guide in _GUIDES if kind == category and word in words)
    return next(fitting, ANY)


TWO_IMEIS = _("With two IMEIs, take the first. The 15 digits are the IMEI; a number of 16 is another one.")
NOT_THE_MODEL = _("Do not take the model number, which thousands of devices share.")
_MAC_SERIAL = _("Apple menu, About This Mac: the serial number stands at the bottom.")
_ON_THE_BOX = _("If it does not turn on: on the original box or on the invoice.")

# The first row that fits, as above: where the number stands, easiest first.
_PLACES: tuple[tuple[str, str, tuple[Text, ...]], ...] = (
    (
        "smartphones",
        "apple",
        (
            _("Dial *#06# as if to call: the IMEI appears."),
            _("Or Settings, General, About, further down."),
            _("If it does not turn on: on the SIM tray or the back, on the box, or at account.apple.com, Devices."),
            TWO_IMEIS,
        ),
    ),
    (
        "smartphones",
        "",
        (
            _("Dial *#06# as if to call: the IMEI appears."),
            _("Or Settings, About phone, Status or IMEI."),
            _("If it does not turn on: on the SIM tray, the back, or under the battery; on the box or the invoice."),
            TWO_IMEIS,
        ),
    ),
    ("tablets", "apple", (_("Settings, General, About: Serial Number."), _("Or engraved on the back."), _ON_THE_BOX)),
    ("tablets", "", (_("Settings, About tablet, Status: Serial number."), _("Or printed on the back."), _ON_THE_BOX)),
    ("laptops", "apple", (_MAC_SERIAL, _("Or engraved on the underside, in small type."), _ON_THE_BOX)),
    ("desktops", "apple", (_MAC_SERIAL, _("Or engraved under the stand or the case."), _ON_THE_BOX)),
    (
        "laptops",
        "",
        (
            _("On the label underneath: “Serial”, “S/N” or, at Dell, “Service Tag”."),
            _("Or in PowerShell: Get-CimInstance Win32_BIOS shows it as SerialNumber."),
            NOT_THE_MODEL,
        ),
    ),
    (
        "desktops",
        "",
        (
            _("On the label at the back or the side: “Serial”, “S/N” or, at Dell, “Service Tag”."),
            _("Or in PowerShell: Get-CimInstance Win32_BIOS shows it as SerialNumber."),
            NOT_THE_MODEL,
        ),
    ),
    (
        "monitors",
        "",
        (_("On the label at the back, beside “S/N”."), _("Or in its own menu, under Information."), NOT_THE_MODEL),
    ),
    (
        "televisions",
        "",
        (
            _("On the label at the back, beside “S/N”."),
            _("Or Settings, Support or System, About this TV: Serial number."),
            NOT_THE_MODEL,
        ),
    ),
    (
        "consoles",
        "sony",
        (_("On the label at the back or underneath."), _("Or Settings, System, System Software, Console Information.")),
    ),
    ("consoles", "microsoft", (_("At the back, near the sockets."), _("Or Settings, System, Console info."))),
    ("consoles", "nintendo", (_("Underneath, near the charging socket."), _("Or System Settings, System, Serial."))),
    ("consoles", "", (_("On the label at the back or underneath."), NOT_THE_MODEL)),
    (
        "headphones",
        "",
        (
            _("Inside the lid of the charging case, or inside the headband or an ear cushion."),
            _("Or in the phone's Bluetooth settings: touch the info button beside their name."),
            _ON_THE_BOX,
        ),
    ),
    (
        "watches",
        "",
        (_("On the watch: Settings, General or About."), _("Or engraved on the back, under the strap."), _ON_THE_BOX),
    ),
    ("cameras", "", (_("On the label underneath, near the tripod thread."), NOT_THE_MODEL)),
    ("speakers", "", (_("On the label underneath or at the back."), _("Or in the maker's app, in its settings."))),
    (
        "e-readers",
        "",
        (_("Settings, Device options, Device info: Serial number."), _("Or printed on the back."), _ON_THE_BOX),
    ),
)
_ANYWHERE = (_("On a label under or behind the device, and in its settings under About."), NOT_THE_MODEL)


def where_to_find(brand: str, category: str, model: str = "") -> tuple[Text, ...]:
    """Where a device's IMEI or serial number stands, easiest place first."""
    words = f"{brand} {model}".lower()
    fitting = (places for kind, word, places in _PLACES if kind == category and word in words)
    return next(fitting, _ANYWHERE)


def how_to_find(kind: str) -> Text:
    """The same in one line, for beside the field."""
    if kind == "imei":
        return _("15 digits: dial *#06# as if to call.")
    return _("5 to 20 letters and digits, beside “Serial” or “S/N”.")
