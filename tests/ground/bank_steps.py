"""Steps that tests of the bank's papers share: payouts that go by file, files, and what a bank answers."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from django.conf import settings

from backmarket.accounts.models import User
from backmarket.payments import sepa, services
from backmarket.payments.models import Payout, PayoutFile
from tests.ground.money_steps import eur

IBAN = "FR7630006000011234567890189"
OTHER_IBAN = "FR1420041010050500013M02606"


def order(at: datetime, **changes: Any) -> Payout:
    facts: dict[str, Any] = {
        "purpose": "trade",
        "reference": uuid4(),
        "label": "T1042",
        "amount": eur(25_000),
        "holder": "Carol Petit",
        "iban": IBAN,
        "account": "consumer",
        "party": "7",
        "due_at": at,
    }
    return services.order_payout(**facts | changes, by="system:order_payouts", at=at)


def by_file(at: datetime, **changes: Any) -> Payout:
    """A payout that waits for a file."""
    settings.PAYOUT_GATEWAY, before = "sepa", settings.PAYOUT_GATEWAY
    try:
        return order(at, **changes)
    finally:
        settings.PAYOUT_GATEWAY = before


def handed(at: datetime, by: User, *payouts: Payout) -> PayoutFile:
    """A file that the bank has, of these payouts."""
    made = services.make_payout_file(by=by, at=at)
    assert {item.payout for item in made.items.all()} == set(payouts)
    services.hand_payout_file(made, by=by, at=at)
    return made


def status_of(payout: Payout) -> str:
    return Payout.objects.get(pk=payout.pk).status


def transaction(
    payout: Payout | str, status: str = "", reason: str = "", amount: str = "", currency: str = "EUR"
) -> str:
    """One transfer of a report."""
    name = payout if isinstance(payout, str) else sepa.end_to_end_id(payout)
    money = f'<OrgnlTxRef><Amt><InstdAmt Ccy="{currency}">{amount}</InstdAmt></Amt></OrgnlTxRef>' if amount else ""
    return f"<TxInfAndSts><OrgnlEndToEndId>{name}</OrgnlEndToEndId>{said('TxSts', status, reason)}{money}</TxInfAndSts>"


def said(element: str, status: str, reason: str) -> str:
    why = f"<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></StsRsnInf>" if reason else ""
    return f"<{element}>{status}</{element}>{why}" if status else why


def report(
    message_id: str,
    *transactions: str,
    version: str = "10",
    group: tuple[str, str] = ("", ""),
    payment: tuple[str, str] = ("", ""),
    about: str = "pain.001.001.09",
    number: str = "RPT-1",
) -> bytes:
    """A bank's status report; `group` and `payment` are (status, reason) of the whole file and of its payment."""
    of_payment = (
        f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>{message_id}</OrgnlPmtInfId>{said('PmtInfSts', *payment)}"
        f"{''.join(transactions)}</OrgnlPmtInfAndSts>"
    )
    return (
        f'<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.{version}">'
        f"<CstmrPmtStsRpt><GrpHdr><MsgId>{number}</MsgId><CreDtTm>2026-11-24T07:00:00</CreDtTm></GrpHdr>"
        f"<OrgnlGrpInfAndSts><OrgnlMsgId>{message_id}</OrgnlMsgId><OrgnlMsgNmId>{about}</OrgnlMsgNmId>"
        f"{said('GrpSts', *group)}</OrgnlGrpInfAndSts>{of_payment if transactions or payment[0] else ''}"
        "</CstmrPmtStsRpt></Document>"
    ).encode()
