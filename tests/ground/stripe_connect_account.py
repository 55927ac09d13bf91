"""What one Stripe platform holds besides payments: disputes, connected accounts, transfers and their reversals."""

import time
from base64 import b64decode
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from stripe.params import _account_create_params as accounts
from stripe.params import _account_link_create_params as links
from stripe.params import _dispute_update_params as answers
from stripe.params import _file_create_params as uploads
from stripe.params import _transfer_create_params as transfers
from stripe.params import _transfer_reversal_create_params as reversals

from tests.ground.stripe_account import SHAPES, Answer, Refused, StripeAccount, known_names

SHAPES |= {
    "account": (accounts, "AccountCreateParams"),
    "link": (links, "AccountLinkCreateParams"),
    "answer": (answers, "DisputeUpdateParams"),
    "file": (uploads, "FileCreateParams"),
    "transfer": (transfers, "TransferCreateParams"),
    "reversal": (reversals, "TransferReversalCreateParams"),
}
# What of an answer is a file, by the SDK's description; and of what kind and size it may be.
EVIDENCE_FILES = (
    "cancellation_policy", "customer_communication", "customer_signature", "duplicate_charge_documentation", "receipt",
    "refund_policy", "service_documentation", "shipping_documentation", "uncategorized_file",
)  # fmt: skip
KINDS, LARGEST = {b"%PDF": "pdf", b"\xff\xd8\xff": "jpg", b"\x89PNG": "png"}, 5 * 1024 * 1024
DISPUTE_FEE, WEEK = 2_000, 7 * 24 * 3600


@dataclass
class StripePlatform(StripeAccount):
    """A StripeAccount that other accounts are connected to. `funds` is what it can transfer."""

    disputes: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    connected: dict[str, dict[str, Any]] = field(default_factory=dict)
    transfers: dict[str, dict[str, Any]] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)
    funds: int = 10_000_000

    def do(self, call: str, form: dict[str, Any]) -> Answer:
        method, path = call.split(" ")
        kind, *parts = path.split("/")[2:]
        act = {
            "disputes": self._disputes, "accounts": self._accounts, "account_links": self._links,
            "transfers": self._transfers, "files": self._files,
        }.get(kind)  # fmt: skip
        return act(method, parts, form) if act else super().do(call, form)

    # Disputes

    def dispute(
        self, intent_id: str, amount: int | None = None, *, status: str = "needs_response", withdrawn: int | None = None
    ) -> dict[str, Any]:
        """The buyer asks their bank for the money back, which takes it: all at once, unless told. A warning is an
        inquiry: no money moves."""
        with self.lock:
            intent, number = self.intents[intent_id], len(self.disputes) + 1
            left = intent["amount_received"] - intent["_refunded"]
            dispute: dict[str, Any] = {
                "id": f"dp_{number}", "object": "dispute", "amount": amount or left,
                "charge": intent["latest_charge"], "created": int(time.time()), "currency": intent["currency"],
                "payment_intent": intent_id, "reason": "product_not_received", "status": status, "metadata": {},
                "evidence": {}, "balance_transactions": [], "is_charge_refundable": status.startswith("warning_"),
                "evidence_details": {"due_by": int(time.time()) + WEEK, "has_evidence": False, "submission_count": 0},
            }  # fmt: skip
            self.disputes[dispute["id"]] = dispute
            self._tell("charge.dispute.created", dispute)
            if status == "needs_response":
                self.move_funds(dispute["id"], -(dispute["amount"] if withdrawn is None else withdrawn))
            return dispute

    def move_funds(self, dispute_id: str, minor: int) -> None:
        """(A part of) the money is withdrawn, below zero, or reinstated. The fee goes with what is withdrawn first."""
        with self.lock:
            dispute = self.disputes[dispute_id]
            moves = dispute["balance_transactions"]
            fee = 0 if moves else DISPUTE_FEE
            moves.append(
                {
                    "id": f"txn_{dispute_id}_{len(moves)}", "object": "balance_transaction", "amount": minor,
                    "currency": dispute["currency"], "type": "adjustment", "fee": fee, "net": minor - fee,
                }
            )  # fmt: skip
            self._tell(f"charge.dispute.funds_{'withdrawn' if minor < 0 else 'reinstated'}", dispute)

    def decide(self, dispute_id: str, status: str, *, back: int | None = None) -> None:
        """The buyer's bank has decided; of what is won, `back` is here at once: all of it unless told."""
        with self.lock:
            dispute = self.disputes[dispute_id]
            dispute["status"] = status
            out = -sum(move["amount"] for move in dispute["balance_transactions"])
            if status == "won" and (minor := out if back is None else back):
                self.move_funds(dispute_id, minor)
            self._tell("charge.dispute.closed", dispute)

    def _disputes(self, method: str, parts: list[str], form: dict[str, Any]) -> Answer:
        dispute = self.disputes.get(parts[0])
        if dispute is None:
            raise Refused(404, f"No such dispute: '{parts[0]}'", code="resource_missing", param="dispute")
        if method == "POST":
            known_names("answer", form)
            if dispute["status"] not in ("needs_response", "warning_needs_response"):
                raise Refused(400, "This dispute is already closed", param="evidence")
            self._require_files(form.get("evidence", {}))
            dispute["evidence"] |= form.get("evidence", {})
            if form.get("submit") == "true":
                dispute["status"] = dispute["status"].replace("needs_response", "under_review")
                dispute["evidence_details"]["submission_count"] += 1
                self._tell("charge.dispute.updated", dispute)
        return 200, deepcopy(dispute)

    def _require_files(self, evidence: dict[str, str]) -> None:
        for name in EVIDENCE_FILES:
            known = self.files.get(evidence.get(name, ""), {})
            if name in evidence and known.get("purpose") != "dispute_evidence":
                raise Refused(400, f"No such file upload: '{evidence[name]}'", param=f"evidence[{name}]")

    def _files(self, method: str, parts: list[str], form: dict[str, Any]) -> Answer:
        """docs.stripe.com/file-upload: evidence is a PDF, JPEG or PNG of at most 5 MB."""
        known_names("file", form)
        if method != "POST" or form.get("purpose") != "dispute_evidence" or "file" not in form:
            raise Refused(400, "A file and its purpose are missing", param="file")
        content = b64decode(form["file"]["content"])
        kind = next((name for start, name in KINDS.items() if content.startswith(start)), None)
        if kind is None or len(content) > LARGEST:
            raise Refused(400, "The file is of another kind, or too large", code="file_invalid", param="file")
        file = {
            "id": f"file_{len(self.files) + 1}", "object": "file", "purpose": form["purpose"], "type": kind,
            "size": len(content), "filename": form["file"]["filename"], "created": int(time.time()),
        }  # fmt: skip
        self.files[file["id"]] = file | {"_content": content}
        return 200, file

    def _refund(self, form: dict[str, Any]) -> Answer:
        of = [each for each in self.disputes.values() if each["payment_intent"] == form["payment_intent"]]
        if any(not each["is_charge_refundable"] and each["status"] not in ("won", "warning_closed") for each in of):
            raise Refused(400, "The charge has been charged back.", code="charge_disputed")
        return super()._refund(form)

    # Accounts and transfers

    def _accounts(self, method: str, parts: list[str], form: dict[str, Any]) -> Answer:
        if method == "POST":
            known_names("account", form)
            account = {
                "id": f"acct_{len(self.connected) + 1}", "object": "account", "country": form["country"],
                "charges_enabled": False, "payouts_enabled": False, "details_submitted": False,
                "capabilities": {"transfers": "inactive"}, "metadata": form.get("metadata", {}),
                "requirements": {
                    "currently_due": ["business_profile.url", "company.tax_id", "external_account"], "past_due": [],
                    "disabled_reason": "requirements.past_due",
                },
            }  # fmt: skip
            self.connected[account["id"]] = account
            return 200, account
        if parts[0] not in self.connected:
            raise Refused(404, f"No such account: '{parts[0]}'", code="resource_missing")
        return 200, self.connected[parts[0]]

    def fill_in(self, account_id: str, *, missing: tuple[str, ...] = ()) -> None:
        """The payee has been at Stripe's page, and left out what is missing."""
        with self.lock:
            able, account = not missing, self.connected[account_id]
            account |= {"details_submitted": able, "payouts_enabled": able}
            account["capabilities"] = {"transfers": "active" if able else "inactive"}
            account["requirements"] = {"currently_due": list(missing), "past_due": [], "disabled_reason": None}
            self._tell("account.updated", account)

    def _links(self, method: str, parts: list[str], form: dict[str, Any]) -> Answer:
        known_names("link", form)
        if form["account"] not in self.connected:
            raise Refused(400, f"No such account: '{form['account']}'", code="resource_missing")
        self.links.append(f"https://connect.stripe.com/setup/e/{form['account']}/{len(self.links) + 1}")
        link = {"object": "account_link", "url": self.links[-1], "created": int(time.time()), "expires_at": 0}
        return 200, link

    def _transfers(self, method: str, parts: list[str], form: dict[str, Any]) -> Answer:
        if method == "POST" and not parts:
            known_names("transfer", form)
            return self._transfer(form)
        if not parts:
            of = [each for each in self.transfers.values() if each["transfer_group"] == form["transfer_group"]]
            return 200, {"object": "list", "data": of, "has_more": False, "url": "/v1/transfers"}
        transfer = self.transfers[parts[0]]
        if parts[1:] == ["reversals"] and method == "POST":
            known_names("reversal", form)
            return self._reverse(transfer, int(form["amount"]), form.get("metadata", {}))
        if parts[1:] == ["reversals"]:
            return 200, {**transfer["reversals"], "data": transfer["reversals"]["data"][::-1]}
        return 200, transfer

    def _transfer(self, form: dict[str, Any]) -> Answer:
        amount = int(form["amount"])
        if self.connected[form["destination"]]["capabilities"]["transfers"] != "active":
            message = (
                "Your destination account needs to have at least one of the following capabilities enabled: transfers"
            )
            raise Refused(400, message, code="insufficient_capabilities_for_transfer")
        if amount > self.funds:
            raise Refused(400, "You have insufficient available funds in your account.", code="balance_insufficient")
        self.funds -= amount
        number = f"tr_{len(self.transfers) + 1}"
        transfer = {
            "id": number, "object": "transfer", "amount": amount, "currency": form["currency"],
            "destination": form["destination"], "metadata": form.get("metadata", {}), "amount_reversed": 0,
            "transfer_group": form["transfer_group"], "reversed": False, "created": int(time.time()),
            "reversals": {
                "object": "list", "data": [], "has_more": False, "url": f"/v1/transfers/{number}/reversals",
            },
        }  # fmt: skip
        self.transfers[number] = transfer
        self._tell("transfer.created", transfer)
        return 200, transfer

    def reverse_at_dashboard(self, transfer_id: str, amount: int) -> None:
        """Somebody presses Reverse on Stripe's own pages."""
        with self.lock:
            self._reverse(self.transfers[transfer_id], amount, {})

    def _reverse(self, transfer: dict[str, Any], amount: int, metadata: dict[str, str]) -> Answer:
        if amount > transfer["amount"] - transfer["amount_reversed"]:
            raise Refused(400, "Reversal amount is greater than unreversed amount on transfer.", param="amount")
        transfer["amount_reversed"] += amount
        made = transfer["reversals"]["data"]
        reversal = {
            "id": f"trr_{transfer['id'][3:]}_{len(made) + 1}", "object": "transfer_reversal", "amount": amount,
            "currency": transfer["currency"], "transfer": transfer["id"], "metadata": metadata,
        }  # fmt: skip
        made.append(reversal)
        self.funds += amount
        self._tell("transfer.reversed", transfer)
        return 200, reversal
