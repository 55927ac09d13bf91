"""Asking the registry of stolen devices, and keeping what it said."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backmarket.errors import DomainError, GatewayError
from backmarket.events.services import Actor, record
from buyback.models import Quote, RegistryCheck
from catalog.registry import MAY_BE_BOUGHT, Finding, device_registry


class CannotBuyDevice(DomainError):
    code = "cannot_buy_device"


class DeviceStolen(CannotBuyDevice):
    code = "device_stolen"
    default_message = _(
        "This device is reported lost or stolen, so nobody may buy it. If it is yours, ask your operator or insurer to "
        "lift the report; if you found it, the police or the operator bring it back to its owner."
    )


class DeviceUnderInvestigation(CannotBuyDevice):
    code = "device_greylisted"
    default_message = _(
        "A report about this device is being looked into, so no plant may buy it yet. Your quote stays: come back once "
        "your operator or insurer has settled it."
    )


class RegistryUnavailable(CannotBuyDevice):
    code = "registry_unavailable"
    default_message = _(
        "The registry of stolen devices does not answer just now. Nothing is lost: press the button again in a minute."
    )


REFUSALS = {Finding.STOLEN: DeviceStolen, Finding.GREYLISTED: DeviceUnderInvestigation}


def check_with_registry(quote: Quote, identifier: str, *, by: Actor, at: datetime) -> None:
    """The registry lets the device be bought; an answer about it for this quote counts for half an hour.

    Network: outside every transaction. Keeps each answer, and raises CannotBuyDevice on `identifier`.
    """
    since = at - timedelta(minutes=RegistryCheck.FRESH_MINUTES)
    known = quote.registry_checks.filter(identifier=identifier, finding__in=MAY_BE_BOUGHT, asked_at__gt=since)
    if known.exists():
        return
    finding = _ask(identifier)
    with transaction.atomic():
        quote.registry_checks.create(identifier=identifier, finding=finding, asked_at=at)
        if finding not in MAY_BE_BOUGHT:
            record("quote.device_refused", quote, by=by, at=at, data={"finding": finding.value})
    if finding not in MAY_BE_BOUGHT:
        raise REFUSALS[finding](field="identifier")


def _ask(identifier: str) -> Finding:
    try:
        return device_registry().check(identifier, timeout=settings.DEVICE_REGISTRY_TIMEOUT)
    except GatewayError as error:
        raise RegistryUnavailable(field="identifier") from error
