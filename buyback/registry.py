"""The registry of stolen devices: one question, asked before any transaction, and a sandbox with documented numbers."""

import time
from enum import StrEnum
from functools import cache
from typing import Protocol

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from backmarket.errors import GatewayError


class Finding(StrEnum):
    CLEAN = "clean"
    UNKNOWN = "unknown"
    GREYLISTED = "greylisted"
    STOLEN = "stolen"


class DeviceRegistry(Protocol):
    def check(self, identifier: str) -> Finding:
        """What is known of the device with this IMEI or serial. Raises GatewayError(retry=True) without an answer."""


class SandboxRegistry:
    """Every device is clean except the documented ones."""

    STOLEN = "353325100000011"
    GREYLISTED = "353325100000029"
    UNKNOWN = "353325100000037"
    SLOW = "353325100000045"
    SILENT = "353325100000052"
    SLOW_SECONDS = 2.0
    DOCUMENTED = {
        STOLEN: _("reported stolen: refused"),
        GREYLISTED: _("under investigation: refused"),
        UNKNOWN: _("not in the registry: accepted"),
        SLOW: _("the registry answers after two seconds: accepted"),
        SILENT: _("the registry does not answer: try again later"),
        "STOLEN12345": _("serial number of a stolen device: refused"),
    }

    def check(self, identifier: str) -> Finding:
        if identifier == self.SILENT:
            raise GatewayError("The registry did not answer.", retry=True)
        if identifier == self.SLOW:
            time.sleep(self.SLOW_SECONDS)
        findings = {
            self.STOLEN: Finding.STOLEN,
            "STOLEN12345": Finding.STOLEN,
            self.GREYLISTED: Finding.GREYLISTED,
            self.UNKNOWN: Finding.UNKNOWN,
        }
        return findings.get(identifier, Finding.CLEAN)


@cache
def device_registry() -> DeviceRegistry:
    """The registry that DEVICE_REGISTRY names."""
    if settings.DEVICE_REGISTRY != "sandbox":
        raise ImproperlyConfigured(f"DEVICE_REGISTRY={settings.DEVICE_REGISTRY!r} is not known; use sandbox.")
    return SandboxRegistry()
