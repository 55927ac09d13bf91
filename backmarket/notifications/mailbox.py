"""The e-mail backend of the demo and of tests: messages land in a table that /mailbox/ shows."""

from collections.abc import Sequence
from datetime import datetime

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from backmarket import timetravel
from backmarket.notifications.models import MailboxMessage
from backmarket.notifications.services import KEPT_FOR


class MailboxBackend(BaseEmailBackend):
    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            html = next((str(part) for part, kind in getattr(message, "alternatives", []) if kind == "text/html"), "")
            for recipient in message.recipients():
                MailboxMessage.objects.create(
                    to=recipient,
                    subject=message.subject[:200],
                    text=str(message.body),
                    html=html,
                    received_at=timetravel.now(),
                )
        return len(email_messages)


def forget_old_messages(at: datetime) -> int:
    """Throw away what was received 90 days ago: it is the same e-mail that `forget_old_mail` blanks, in clear. Returns
    how many."""
    return MailboxMessage.objects.filter(received_at__lte=at - KEPT_FOR).delete()[0]
