"""What happens when money is asked about."""

from django.conf import settings
from django.db.models import Q
from django.urls import reverse

from backmarket.accounts.models import User
from backmarket.events.models import Event
from backmarket.notifications.services import send
from backmarket.payments.limits import may_agree
from backmarket.payments.models import Approval, Dispute, Payout
from backmarket.payments.reasons import dispute_words
from backmarket.payments.services.credit import PURPOSE as CREDIT


def email_second_eyes(event: Event) -> None:
    """To everybody who may agree, but not to whoever asked."""
    asked = Approval.objects.get(pk=event.subject_id)
    for person in _finance():
        if person.pk != asked.asked_by_id:
            send(
                "approval_asked",
                to=person.email,
                context={"asked": asked, "url": _url(asked)},
                key=f"approval:{asked.pk}:{person.pk}",
                language=person.language,
                at=event.happened_at,
            )


CREDIT_MAILS = {"payout.ordered": "credit_leaving", "payout.bounced": "credit_bounced"}


def email_owner_of_credit(event: Event) -> None:
    """That somebody, and hopefully they, has ordered a transfer of their credit, and until when they can stop it; or
    that it came back: it is credit again, and another account may take it."""
    payout = Payout.objects.get(pk=event.subject_id)
    if payout.purpose == CREDIT:
        template, person = CREDIT_MAILS[event.kind], User.objects.get(pk=int(payout.party))
        url = settings.SITE_URL + reverse("account-credit")
        context = {"payout": payout, "name": person.get_short_name(), "url": url}
        key = f"{template}:{payout.pk}"
        send(template, to=person.email, context=context, key=key, language=person.language, at=event.happened_at)


def email_differences(event: Event) -> None:
    """To finance: the books do not agree, and somebody has to look."""
    for person in _finance():
        send(
            "books_differ",
            to=person.email,
            context={
                "count": event.data["count"],
                "url": settings.SITE_URL + reverse("desk:payments_reconciliation_change", args=[event.subject_id]),
            },
            key=f"reconciliation:{event.subject_id}:{person.pk}",
            language=person.language,
            at=event.happened_at,
        )


def _finance() -> list[User]:
    staff = User.objects.filter(Q(is_superuser=True) | ~Q(groups=None), is_active=True, is_staff=True)
    return [person for person in staff.distinct().order_by("pk") if may_agree(person)]


def email_asker(event: Event) -> None:
    """What became of it, to the person who asked."""
    asked = Approval.objects.select_related("asked_by").get(pk=event.subject_id)
    send(
        "approval_decided",
        to=asked.asked_by.email,
        context={"asked": asked, "url": _url(asked)},
        key=f"approval:{asked.pk}:{asked.status}",
        language=asked.asked_by.language,
        at=event.happened_at,
    )


DISPUTE_MAILS = {
    "dispute.opened": "dispute_opened",
    "dispute.due_soon": "dispute_due_soon",
    "dispute.won": "dispute_won",
}


def email_finance_of_dispute(event: Event) -> None:
    """To finance: when it opens, two days before the answer is due, and when one that was lost is won after all."""
    dispute = Dispute.objects.select_related("payment").get(pk=event.subject_id)
    if event.kind == "dispute.won" and dispute.lost_at is None:
        return
    url = settings.SITE_URL + reverse("desk:payments_dispute_change", args=[dispute.pk])
    for person in _finance():
        send(
            DISPUTE_MAILS[event.kind],
            to=person.email,
            context={"dispute": dispute, "reason": dispute_words(dispute.reason), "url": url},
            key=f"dispute:{event.pk}:{person.pk}",
            language=person.language,
            at=event.happened_at,
        )


def _url(asked: Approval) -> str:
    return settings.SITE_URL + reverse("desk:payments_approval_change", args=[asked.pk])
