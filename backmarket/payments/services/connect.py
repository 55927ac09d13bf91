"""The payees' own accounts with the provider: opened, filled in there, and asked about."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backmarket.db import lock
from backmarket.errors import DomainError, GatewayError
from backmarket.events.services import Actor, record
from backmarket.jobs import each
from backmarket.payments.gateways import CONNECT, connect_gateway
from backmarket.payments.gateways.base import AccountReport
from backmarket.payments.models import ConnectAccount
from backmarket.states import move

log = structlog.get_logger(__name__)
Status = ConnectAccount.Status
# Webhooks tell of most changes; the clock asks about the others.
ASK_AFTER = timedelta(hours=6)


class CannotConnect(DomainError):
    code = "cannot_connect"
    default_message = _("The payment provider does not answer. Try again in a moment.")


def open_account(party: str, *, country: str, by: Actor, at: datetime) -> ConnectAccount:
    """The payee's account at the provider, opened the first time. Network: outside transactions. Raises CannotConnect.

    The row comes first: its id is the key under which the provider opens the account once.
    """
    name = CONNECT[settings.PAYMENT_GATEWAY]
    with transaction.atomic():
        account, is_new = ConnectAccount.objects.get_or_create(
            gateway=name, party=party, defaults={"country": country, "created_at": at}
        )
        if is_new:
            record("connect.opened", account, by=by, at=at)
    if not account.gateway_id:
        opened = _ask(lambda: connect_gateway(name).open(account), account)
        ConnectAccount.objects.filter(pk=account.pk, gateway_id="").update(gateway_id=opened)
        account.refresh_from_db()
    return account


def onboarding_link(account: ConnectAccount, *, return_url: str, refresh_url: str) -> str:
    """The provider's address at which the payee says who they are. It is good once, for minutes: kept nowhere.

    Network: outside transactions. Raises CannotConnect.
    """
    adapter = connect_gateway(account.gateway)
    return _ask(lambda: adapter.link(account, return_url=return_url, refresh_url=refresh_url), account)


def _ask(call: Callable[[], str], account: ConnectAccount) -> str:
    try:
        return call()
    except GatewayError as error:
        log.warning("connect_not_answered", account=str(account.pk), retry=error.retry)
        raise CannotConnect from error


def follow_account(account_id: UUID, *, at: datetime) -> ConnectAccount:
    """Ask the provider what the account may do, and write it down: for the payee's return, webhooks and the clock.

    Network: outside transactions. Raises GatewayError; changes nothing then.
    """
    account = ConnectAccount.objects.get(pk=account_id)
    if not account.gateway_id:
        return account
    report = connect_gateway(account.gateway).status(account)
    with transaction.atomic():
        account = lock(ConnectAccount.objects.filter(pk=account_id)).get()
        if account.checked_at is None or account.checked_at <= at:
            _write(account, report, at=at)
    return account


def _write(account: ConnectAccount, report: AccountReport, *, at: datetime) -> None:
    facts: dict[str, Any] = {
        "details_submitted": report.details_submitted, "payouts_enabled": report.payouts_enabled,
        "transfers_enabled": report.transfers_enabled, "missing": list(report.missing),
        "disabled_reason": report.disabled_reason[:100], "checked_at": at,
    }  # fmt: skip
    able = report.payouts_enabled and report.transfers_enabled
    to = Status.ENABLED if able else Status.RESTRICTED
    if to in ConnectAccount.MOVES[account.status]:
        move(account, to, by=f"gateway:{account.gateway}", at=at, **facts)
        return
    for name, value in facts.items():
        setattr(account, name, value)
    account.save(update_fields=list(facts))


def follow_accounts(at: datetime) -> int:
    """Ask about every account that nobody has told us of for hours; returns how many were asked."""
    silent = ConnectAccount.objects.exclude(gateway_id="").exclude(checked_at__gt=at - ASK_AFTER)
    return each("follow_accounts", silent.order_by("pk").values_list("pk", flat=True), partial(_try, at))


def _try(at: datetime, account_id: UUID) -> bool:
    """The provider may well answer the next time."""
    try:
        return bool(follow_account(account_id, at=at))
    except GatewayError:
        log.warning("connect_not_followed", account=str(account_id))
        return False
