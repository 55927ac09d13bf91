"""E-mails: written once in the transaction of what they tell of, sent afterwards."""

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import F, Q
from django.template import Context, Template
from django.template.loader import get_template, render_to_string
from django.utils import timezone, translation

from backmarket.notifications.models import Notification

log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 5
# A claim this old belongs to a worker that died, or to a failure: another attempt is due.
RETRY_AFTER = timedelta(minutes=2)
KEPT_FOR = timedelta(days=90)


def send(
    template: str,
    *,
    to: str,
    context: dict[str, Any],
    key: str,
    language: str,
    at: datetime,
    unsubscribe_url: str = "",
) -> None:
    """Render templates/emails/<template>/{subject.txt,body.txt,body.html} and queue it; a known key changes nothing.

    Templates also get site_name, site_url and support_email. Rolled back with the caller's transaction. A POST to
    `unsubscribe_url` ends e-mails of this kind, so that mail programs can offer it (RFC 8058).
    """
    if Notification.objects.filter(key=key).exists():
        return
    context = {**_site(), **context}
    with translation.override(language):
        subject, text = (_plain(f"emails/{template}/{part}", context) for part in ("subject.txt", "body.txt"))
        html = render_to_string(f"emails/{template}/body.html", context)
    mail = Notification(
        key=key,
        template=template,
        recipient=to,
        language=language,
        subject=" ".join(subject.split()),
        text=text.strip() + "\n",
        html=html,
        unsubscribe_url=unsubscribe_url,
        created_at=at,
    )
    Notification.objects.bulk_create([mail], ignore_conflicts=True)
    _send_on_commit()


def _plain(name: str, context: dict[str, Any]) -> str:
    """A template of plain text: nothing is escaped in it."""
    template: Template = get_template(name).template  # type: ignore[attr-defined]
    return template.render(Context(context, autoescape=False))


def _site() -> dict[str, str]:
    return {
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        "support_email": settings.SUPPORT_EMAIL,
    }


def _send_on_commit() -> None:
    """One message per transaction is enough: the sender takes all that waits."""
    connection = transaction.get_connection()
    if not any(hook[1] is _kick for hook in connection.run_on_commit):
        transaction.on_commit(_kick, robust=True)


def _kick() -> None:
    from backmarket.notifications.tasks import send_mail

    send_mail.delay()


def send_pending_mail(at: datetime) -> int:
    """Send what waits, one by one; returns how many left. A failure is noted and tried again, five times at most."""
    sent = 0
    while (mail := _claim(timezone.now())) is not None:
        sent += _deliver(mail, at)
    return sent


def _claim(now: datetime) -> Notification | None:
    """Take the oldest that nobody else has; the real clock counts, so that travelling in time loses nothing."""
    free = Q(claimed_at=None) | Q(claimed_at__lt=now - RETRY_AFTER)
    waiting = Notification.objects.filter(free, sent_at=None, attempts__lt=MAX_ATTEMPTS).order_by("created_at", "pk")
    with transaction.atomic():
        mail = waiting.select_for_update(skip_locked=True).first()
        if mail is not None:
            mail.claimed_at = now
            Notification.objects.filter(pk=mail.pk).update(claimed_at=now, attempts=F("attempts") + 1)
    return mail


def _deliver(mail: Notification, at: datetime) -> bool:
    row = Notification.objects.filter(pk=mail.pk)
    try:
        _message(mail).send()
    except Exception as error:  # whatever the mail server does, the others still have to leave
        log.warning("mail_not_sent", notification=str(mail.pk), error=type(error).__name__)
        row.update(last_error=type(error).__name__)
        return False
    row.update(sent_at=at, last_error="")
    return True


def _message(mail: Notification) -> EmailMultiAlternatives:
    """The same Message-ID at every attempt, so that a mail server can drop a repeated one."""
    domain = settings.SUPPORT_EMAIL.rpartition("@")[2]
    headers = {"Message-ID": f"<{mail.pk}@{domain}>", "Auto-Submitted": "auto-generated"}
    if mail.unsubscribe_url:
        headers |= {
            "List-Unsubscribe": f"<{mail.unsubscribe_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
    message = EmailMultiAlternatives(mail.subject, mail.text, to=[mail.recipient], headers=headers)
    message.attach_alternative(mail.html, "text/html")
    return message


def forget_old_mail(at: datetime) -> int:
    """Blank what was sent, or given up, 90 days ago; the rows stay, so that nothing is sent twice. Returns how many."""
    over = Q(sent_at__lte=at - KEPT_FOR) | Q(sent_at=None, attempts__gte=MAX_ATTEMPTS, created_at__lte=at - KEPT_FOR)
    blank = dict.fromkeys(("recipient", "subject", "text", "html", "unsubscribe_url"), "")
    return Notification.objects.filter(over).exclude(recipient="").update(**blank)
