from django.db.models import QuerySet

from backmarket.notifications.models import MailboxMessage


def mailbox(recipient: str = "") -> QuerySet[MailboxMessage]:
    """What landed in the sandbox's mailbox, newest first; of one recipient, or of all."""
    messages = MailboxMessage.objects.order_by("-received_at", "pk")
    return messages.filter(to__iexact=recipient) if recipient else messages


def recipients() -> list[str]:
    """Everybody who ever got an e-mail here, by address."""
    return list(MailboxMessage.objects.order_by("to").values_list("to", flat=True).distinct())
