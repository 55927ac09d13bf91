"""The sandbox bank's answer to a SEPA file (pain.002.001.10): what a real bank would send a day later."""

import xml.etree.ElementTree as ET
from datetime import datetime

from backmarket.payments import sepa
from backmarket.payments.gateways.sandbox import bounces
from backmarket.payments.models import Payout, PayoutFile

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"


def answer_file(made: PayoutFile, *, at: datetime) -> bytes:
    """Every transfer is settled, but for the accounts that always send money back: those are closed (AC04)."""
    root = ET.Element("Document", xmlns=NAMESPACE)
    report = ET.SubElement(root, "CstmrPmtStsRpt")
    header = ET.SubElement(report, "GrpHdr")
    _add(header, "MsgId", f"SANDBOX-{made.pk.hex[:12]}")
    _add(header, "CreDtTm", at.isoformat(timespec="seconds"))
    group = ET.SubElement(report, "OrgnlGrpInfAndSts")
    _add(group, "OrgnlMsgId", made.message_id)
    _add(group, "OrgnlMsgNmId", sepa.SCHEMA)
    payment = ET.SubElement(report, "OrgnlPmtInfAndSts")
    _add(payment, "OrgnlPmtInfId", made.message_id)
    for payout in Payout.objects.filter(file_items__file=made, file_items__live=True).order_by("pk"):
        _answer(payment, payout)
    content: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return content


def _answer(payment: ET.Element, payout: Payout) -> None:
    node = ET.SubElement(payment, "TxInfAndSts")
    _add(node, "OrgnlEndToEndId", sepa.end_to_end_id(payout))
    closed = bounces(payout.iban)
    _add(node, "TxSts", "RJCT" if closed else "ACSC")
    if closed:
        _add(ET.SubElement(ET.SubElement(node, "StsRsnInf"), "Rsn"), "Cd", "AC04")
    amount = _add(ET.SubElement(ET.SubElement(node, "OrgnlTxRef"), "Amt"), "InstdAmt", _decimal(payout.amount_minor))
    amount.set("Ccy", payout.currency)


def _decimal(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02}"


def _add(parent: ET.Element, name: str, text: str) -> ET.Element:
    node = ET.SubElement(parent, name)
    node.text = text
    return node
