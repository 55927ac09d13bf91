"""The mailbox of the demo: every e-mail as its reader would see it. Mounted only where sandboxes are allowed."""

import uuid

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp, csp_update
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from backmarket.notifications import selectors
from backmarket.notifications.models import MailboxMessage

PER_PAGE = 25


@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    recipient = request.GET.get("to", "").strip()
    page = Paginator(selectors.mailbox(recipient), PER_PAGE).get_page(request.GET.get("page"))
    context = {"page_obj": page, "recipient": recipient, "recipients": selectors.recipients()}
    return render(request, "mailbox/list.html", context)


@require_safe
@csp_update({"frame-src": [SELF]})  # type: ignore[arg-type]
def message(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    return render(request, "mailbox/message.html", {"message": get_object_or_404(MailboxMessage, pk=pk)})


@require_safe
@xframe_options_sameorigin
@csp(  # type: ignore[arg-type]
    {
        "default-src": [NONE],
        "style-src": [UNSAFE_INLINE],
        "img-src": [SELF, "data:"],
        "base-uri": [NONE],
        "form-action": [NONE],
        "frame-ancestors": [SELF],
    }
)
def message_html(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The e-mail's own page, framed by the one above: no script runs, its links open in the whole window."""
    html = get_object_or_404(MailboxMessage, pk=pk).html
    return HttpResponse(html.replace("<head>", '<head><base target="_top">', 1))
