"""`manage.py sync_roles`: the staff's groups have exactly the permissions of this table. Run at every deployment."""

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

# group → model → what it may do: v(iew), a(dd), c(hange), d(elete). Actions on states ask for "change".
ROLES: dict[str, dict[str, str]] = {
    "support": {
        "accounts.user": "v",
        "accounts.address": "v",
        "buyback.counteroffer": "v",
        "buyback.evidencephoto": "v",
        "buyback.identity": "v",
        "buyback.inspection": "v",
        "buyback.quote": "v",
        "buyback.trade": "vc",
        "buyback.trademessage": "va",
        "catalog.collection": "vacd",
        "catalog.collectionitem": "vacd",
        "catalog.listing": "v",
        "catalog.product": "v",
        "catalog.unit": "v",
        "catalog.variant": "v",
        "events.event": "v",
        "invoices.invoice": "v",
        "notifications.notification": "v",
        "orders.claim": "vc",
        "orders.claimmessage": "va",
        "orders.consignment": "v",
        "orders.fraudrule": "v",
        "orders.guarantee": "v",
        "orders.hold": "vc",
        "orders.order": "v",
        "orders.orderline": "vc",
        "orders.withdrawal": "vc",
        "payments.approval": "v",
        "payments.dispute": "v",
        "payments.payment": "v",
        "payments.refund": "va",
        "refurbishers.refurbisher": "v",
        "reviews.answer": "vac",
        "reviews.question": "vc",
        "reviews.review": "vc",
        "shipping.parcel": "vc",
        "shipping.pickup": "vc",
        "shipping.trackingpoint": "v",
    },
    "quality": {
        "buyback.counteroffer": "v",
        "buyback.evidencephoto": "v",
        "buyback.inspection": "v",
        "buyback.trade": "v",
        "catalog.category": "v",
        "catalog.gradingspecification": "va",
        "catalog.listing": "vc",
        "catalog.questionset": "va",
        "catalog.unit": "v",
        "events.event": "v",
        "orders.claim": "v",
        "orders.orderline": "v",
        "refurbishers.clause": "vac",
        "refurbishers.measurement": "v",
        "refurbishers.member": "vac",
        "refurbishers.refurbisher": "vac",
        "refurbishers.servicefact": "v",
        "refurbishers.signature": "v",
        "refurbishers.specification": "vac",
        "refurbishers.statementofreasons": "va",
        "reviews.answer": "v",
        "reviews.question": "v",
        "reviews.review": "v",
    },
    "finance": {
        "buyback.identity": "v",
        "buyback.registerentry": "v",
        "buyback.taxfile": "vc",
        "buyback.trade": "v",
        "events.event": "v",
        "invoices.invoice": "v",
        "orders.earning": "v",
        "orders.fraudrule": "vacd",
        "orders.hold": "vc",
        "orders.order": "v",
        "orders.orderline": "v",
        "orders.settlement": "v",
        "payments.approval": "vc",
        "payments.bankreport": "vac",
        "payments.connectaccount": "v",
        "payments.dispute": "vc",
        "payments.ledgerentry": "v",
        "payments.ledgermovement": "v",
        "payments.payment": "v",
        "payments.payout": "vc",
        "payments.payoutfile": "vac",
        "payments.reconciliation": "vc",
        "payments.refund": "va",
        "refurbishers.refurbisher": "v",
    },
}
# The operator's group: everything there is.
OPERATOR = "operator"
VERBS = {"v": "view", "a": "add", "c": "change", "d": "delete"}


class Command(BaseCommand):
    help = "Give the groups support, quality, finance and operator exactly the permissions of their table."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        known = {
            f"{p.content_type.app_label}.{p.codename}": p for p in Permission.objects.select_related("content_type")
        }
        for role, models in ROLES.items():
            self._sync(role, [_permission(known, name) for name in _names(models)])
        self._sync(OPERATOR, list(known.values()))
        self.stdout.write(f"Roles in place: {', '.join([*ROLES, OPERATOR])}.")

    def _sync(self, role: str, permissions: list[Permission]) -> None:
        group, _ = Group.objects.get_or_create(name=role)
        group.permissions.set(permissions)


def _names(models: dict[str, str]) -> list[str]:
    """ "orders.claim": "vc" → orders.view_claim, orders.change_claim."""
    split = [(*label.split("."), verbs) for label, verbs in models.items()]
    return [f"{app}.{VERBS[verb]}_{model}" for app, model, verbs in split for verb in verbs]


def _permission(known: dict[str, Permission], name: str) -> Permission:
    if name not in known:
        raise CommandError(f"There is no permission {name}: run migrate first, or mend the table of roles.")
    return known[name]
