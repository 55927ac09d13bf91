"""The registry of stolen devices: one question, asked before any transaction, and a sandbox with documented numbers.

`docs/registry.md` says what each answer means for whoever sells.
"""

import time
from functools import cache
from typing import Protocol

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from backmarket.errors import GatewayError


class Finding(models.TextChoices):
    CLEAN = "clean", _("nothing is reported")
    UNKNOWN = "unknown", _("not in the registry")
    GREYLISTED = "greylisted", _("a report is being looked into")
    STOLEN = "stolen", _("reported lost or stolen")


MAY_BE_BOUGHT = frozenset({Finding.CLEAN, Finding.UNKNOWN})


class DeviceRegistry(Protocol):
    def check(self, identifier: str, *, timeout: float) -> Finding:
        """What is known of the device with this IMEI or serial.

        Raises GatewayError(retry=True) when there is no answer within `timeout` seconds.
        """


class SandboxRegistry:
    """Every device is clean except the documented ones."""

    STOLEN = "353325100000011"
    GREYLISTED = "353325100000029"
    UNKNOWN = "353325100000037"
    SLOW = "353325100000045"
    SILENT = "353325100000052"
    STOLEN_SERIAL = "STOLEN12345"
    DOCUMENTED = {
        STOLEN: _("reported stolen: refused, and the refusal is recorded"),
        GREYLISTED: _("a report is being looked into: refused until it is settled, and recorded"),
        UNKNOWN: _("not in the registry: accepted, and the answer is kept"),
        SLOW: _("the registry answers after two seconds: accepted"),
        SILENT: _("the registry does not answer in time: nothing is lost, try again later"),
        STOLEN_SERIAL: _("serial number of a stolen device: refused, and the refusal is recorded"),
    }
    FINDINGS = {
        STOLEN: Finding.STOLEN,
        STOLEN_SERIAL: Finding.STOLEN,
        GREYLISTED: Finding.GREYLISTED,
        UNKNOWN: Finding.UNKNOWN,
    }
    SECONDS = {SLOW: 2.0, SILENT: float("inf")}

    def check(self, identifier: str, *, timeout: float) -> Finding:
        takes = self.SECONDS.get(identifier, 0.0)
        time.sleep(min(takes, timeout))
        if takes > timeout:
            raise GatewayError("The registry did not answer in time.", retry=True)
        return self.FINDINGS.get(identifier, Finding.CLEAN)


@cache
def device_registry() -> DeviceRegistry:
    """The registry that DEVICE_REGISTRY names: the sandbox, or a class by its dotted path."""
    if settings.DEVICE_REGISTRY == "sandbox":
        return SandboxRegistry()
    try:
        registry: DeviceRegistry = import_string(settings.DEVICE_REGISTRY)()
    except ImportError as error:
        raise ImproperlyConfigured(f"DEVICE_REGISTRY={settings.DEVICE_REGISTRY!r} cannot be imported.") from error
    return registry
