"""Reactions to what happens to plants."""

from django.conf import settings
from django.urls import reverse

from backmarket.events.models import Event
from backmarket.notifications.services import send
from backmarket.payments.models import ConnectAccount
from refurbishers.links import invitation_url
from refurbishers.models import CommissionTerm, Invitation, Member, Refurbisher, StatementOfReasons
from refurbishers.words import STANDING


def email_plant(event: Event) -> None:
    """The statement of reasons of a move or a notice, to the plant, in its owner's language."""
    statement = StatementOfReasons.objects.select_related("plant").get(pk=event.data["statement"])
    owner = statement.plant.members.filter(role=Member.Role.OWNER).select_related("user").order_by("pk").first()
    send(
        "plant_statement",
        to=statement.plant.email,
        context={
            "plant": statement.plant,
            "statement": statement,
            "standing": STANDING.get(statement.to_status, ""),
            "url": settings.SITE_URL + reverse("plant", args=[statement.plant.slug]),
        },
        key=f"plant-statement:{statement.pk}",
        language=owner.user.language if owner else settings.LANGUAGE_CODE,
        at=event.happened_at,
    )


def email_invited(event: Event) -> None:
    """To the person asked to work at a plant; nothing once that was taken back."""
    invitation = Invitation.objects.select_related("plant").filter(pk=event.data["invitation"]).first()
    if invitation is None:
        return
    send(
        "plant_invitation",
        to=invitation.email,
        context={"invitation": invitation, "plant": invitation.plant, "url": invitation_url(invitation)},
        key=f"plant-invitation:{event.pk}",
        language=settings.LANGUAGE_CODE,
        at=event.happened_at,
    )


def email_owners_commission(event: Event) -> None:
    """A change of terms is told on paper, ahead (P2B art. 3); what was taken back again meanwhile is not."""
    term = CommissionTerm.objects.select_related("plant").filter(pk=event.data["term"]).first()
    owners = term.plant.members.filter(role=Member.Role.OWNER).select_related("user") if term else []
    for owner in owners:
        send(
            "plant_commission",
            to=owner.user.email,
            context={"term": term, "plant": owner.plant, "url": settings.SITE_URL + reverse("plant:index")},
            key=f"plant-commission:{event.pk}:{owner.user_id}",
            language=owner.user.language,
            at=event.happened_at,
        )


def email_owners_restricted(event: Event) -> None:
    """To every owner, once per restriction: the provider pays the plant nothing until it has what it asks for."""
    account = ConnectAccount.objects.get(pk=event.subject_id)
    for owner in Member.objects.filter(plant_id=account.party, role=Member.Role.OWNER).select_related("user", "plant"):
        send(
            "plant_account_restricted",
            to=owner.user.email,
            context={"plant": owner.plant, "url": settings.SITE_URL + reverse("plant:index")},
            key=f"plant-account-restricted:{event.pk}:{owner.user_id}",
            language=owner.user.language,
            at=event.happened_at,
        )


def email_owners_new_iban(event: Event) -> None:
    """To every owner: whoever redirects a plant's money must not go unnoticed."""
    plant = Refurbisher.objects.get(pk=event.subject_id)
    for owner in plant.members.filter(role=Member.Role.OWNER).select_related("user"):
        send(
            "plant_iban_changed",
            to=owner.user.email,
            context={"plant": plant, "last4": event.data["last4"]},
            key=f"plant-iban:{event.pk}:{owner.user_id}",
            language=owner.user.language,
            at=event.happened_at,
        )
