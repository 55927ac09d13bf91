"""The plants' accounts with the payment provider, at the desk: what each may do, and what the provider still asks."""

from typing import Any

from django.contrib import admin
from django.db.models import CharField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from backmarket.admin.base import StaffModelAdmin
from backmarket.admin.columns import NOTHING, state_column
from backmarket.admin.piles import Pile
from backmarket.payments.admin.bank import link
from backmarket.payments.models import ConnectAccount
from backmarket.payments.reasons import missing_words
from backmarket.sites import staff_site
from refurbishers.models import Refurbisher

Status = ConnectAccount.Status
# The ledger knows a party by its key as text.
PLANTS = Refurbisher.objects.annotate(party=Cast("pk", CharField()))


@admin.register(ConnectAccount, site=staff_site)
class PayoutAccountAdmin(StaffModelAdmin):
    """Read here; opened and asked about from the plant's own page."""

    list_display = (
        "plant_shown", "gateway", "shown_status", "missing_shown", "transfers_enabled", "payouts_enabled", "checked_at",
    )  # fmt: skip
    list_display_links = ("shown_status",)
    list_filter = ("status", "gateway")
    search_fields = ("plant", "party", "gateway_id")
    fields = (
        "plant_shown", "shown_status", "gateway", "gateway_id", "country", "missing_shown", "disabled_reason",
        "details_submitted", "transfers_enabled", "payouts_enabled", "created_at", "enabled_at", "restricted_at",
        "checked_at",
    )  # fmt: skip
    piles = (
        Pile("restricted", _("Restricted"), Q(status=Status.RESTRICTED)),
        Pile("pending", _("Not ready yet"), Q(status=Status.PENDING)),
    )
    shown_status = state_column()

    def get_queryset(self, request: HttpRequest) -> QuerySet[ConnectAccount]:
        name = PLANTS.filter(party=OuterRef("party")).values("name")
        return super().get_queryset(request).annotate(plant=Subquery(name))

    def name_of(self, obj: Any) -> str:
        return obj.plant or str(obj)

    @admin.display(description=_("plant"), ordering="plant")
    def plant_shown(self, account: Any) -> str:
        return link(Refurbisher(pk=account.party), account.plant) if account.plant else account.party

    @admin.display(description=_("still missing"))
    def missing_shown(self, account: ConnectAccount) -> str:
        return ", ".join(missing_words(account.missing)) or NOTHING
