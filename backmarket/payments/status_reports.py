"""A bank's status report on a transfer file (ISO 20022, pain.002), read carefully. Pure: bytes in, rows out.

It is somebody else's XML: no entities, no document type, no more than MOST_BYTES, and every refusal says what is wrong.
"""

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from decimal import Decimal

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring
from django.utils.translation import gettext_lazy as _

from backmarket.errors import DomainError
from backmarket.money import Money

MOST_BYTES = 5 * 1024 * 1024
VERSIONS = ("pain.002.001.03", "pain.002.001.10")
AMOUNT = re.compile(r"\d{1,15}(\.\d{1,2}0{0,3})?")
TAG = re.compile(r"\{urn:iso:std:iso:20022:tech:xsd:([a-z]+\.[0-9.]+)\}Document")
LONGEST_TEXT = 35


class UnreadableReport(DomainError):
    """Not a bank's status report that we can read."""

    code = "unreadable_report"
    default_message = _("This is not an XML file.")


@dataclass(frozen=True)
class Word:
    """What the bank says: a status ("ACSC"), with the reason's code when it refuses."""

    status: str
    reason: str = ""


@dataclass(frozen=True)
class TransferWord:
    """What the bank says of one transfer; `amount` where it repeats it."""

    end_to_end_id: str
    word: Word
    amount: Money | None


@dataclass(frozen=True)
class StatusReport:
    """`others` is the word for every transfer of the file that is not named: None when there is none."""

    message_id: str
    original_message_id: str
    others: Word | None
    transfers: tuple[TransferWord, ...]


def read_status_report(content: bytes) -> StatusReport:
    """Raises UnreadableReport, with a sentence that says why."""
    if len(content) > MOST_BYTES:
        raise UnreadableReport(_("This file is larger than 5 MB: a bank's status report never is."))
    try:
        root = fromstring(content, forbid_dtd=True)
    except DefusedXmlException:
        raise UnreadableReport(_("This file has a document type or entities of its own: it is not read.")) from None
    except (ET.ParseError, ValueError, LookupError):
        raise UnreadableReport from None
    return _Reader(root).report()


class _Reader:
    """Walks one report; every path is below its namespace."""

    def __init__(self, root: ET.Element) -> None:
        found = TAG.fullmatch(root.tag)
        if found is None:
            raise UnreadableReport(_("This XML file is no ISO 20022 message."))
        if found[1] not in VERSIONS:
            message = _("This is a %(kind)s message; a status report is pain.002.001.03 or pain.002.001.10.")
            raise UnreadableReport(message % {"kind": found[1]})
        self.prefix = root.tag.removesuffix("Document")
        self.body = self.one(root, "CstmrPmtStsRpt")

    def all(self, node: ET.Element, path: str) -> list[ET.Element]:
        return node.findall("/".join(self.prefix + name for name in path.split("/")))

    def one(self, node: ET.Element, path: str) -> ET.Element:
        found = self.all(node, path)
        if not found:
            raise UnreadableReport(_("The report lacks its element %(name)s.") % {"name": path})
        return found[0]

    def text(self, node: ET.Element, path: str, default: str | None = None) -> str:
        found = self.all(node, path)
        if found and (text := (found[0].text or "").strip()):
            return text[:LONGEST_TEXT]
        if default is None:
            raise UnreadableReport(_("The report lacks its element %(name)s.") % {"name": path})
        return default

    def report(self) -> StatusReport:
        group = self.one(self.body, "OrgnlGrpInfAndSts")
        if not self.text(group, "OrgnlMsgNmId").lower().startswith("pain.001"):
            raise UnreadableReport(_("The report is not about a file of transfers."))
        others = self.word(group, "GrpSts")
        payments = self.all(self.body, "OrgnlPmtInfAndSts")
        transfers = [self.transfer(node, payment) for payment in payments for node in self.all(payment, "TxInfAndSts")]
        of_payments = [word for payment in payments if (word := self.word(payment, "PmtInfSts"))]
        return StatusReport(
            message_id=self.text(self.body, "GrpHdr/MsgId"),
            original_message_id=self.text(group, "OrgnlMsgId"),
            # Our files hold one payment: what is said of it is said of all its transfers.
            others=of_payments[0] if of_payments else others,
            transfers=tuple(transfers),
        )

    def word(self, node: ET.Element, status: str) -> Word | None:
        found = self.text(node, status, "").upper()
        reason = self.text(node, "StsRsnInf/Rsn/Cd", "") or self.text(node, "StsRsnInf/Rsn/Prtry", "")
        return Word(found, reason.upper()) if found else None

    def transfer(self, node: ET.Element, payment: ET.Element) -> TransferWord:
        """Its own word, else its payment's, else the whole file's; a reason given once serves all that say the same."""
        group = self.one(self.body, "OrgnlGrpInfAndSts")
        words = [self.word(node, "TxSts"), self.word(payment, "PmtInfSts"), self.word(group, "GrpSts")]
        said = [word for word in words if word]
        if not said:
            raise UnreadableReport(_("The report lacks its element %(name)s.") % {"name": "TxSts"})
        reason = next((word.reason for word in said if word.reason and word.status == said[0].status), "")
        return TransferWord(self.text(node, "OrgnlEndToEndId"), Word(said[0].status, reason), self.amount(node))

    def amount(self, node: ET.Element) -> Money | None:
        found = self.all(node, "OrgnlTxRef/Amt/InstdAmt")
        if not found:
            return None
        text = (found[0].text or "").strip()
        if not AMOUNT.fullmatch(text):
            raise UnreadableReport(_("The report has an amount that is no amount of money."))
        return Money(int(Decimal(text).scaleb(2)), found[0].get("Ccy", ""))
