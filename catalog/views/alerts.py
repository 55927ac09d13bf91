"""Alerts: asking for one, a guest's way to it, a person's own, and the one press that ends them all."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backmarket.errors import DomainError
from backmarket.forms import posted, refuse, status_of
from backmarket.throttle import client_of, throttled
from backmarket.timetravel import now
from catalog.access import alert_by_link, alert_of, variant_to_sell
from catalog.alert_links import alert_of_link, recipient_of_link
from catalog.forms import AlertForm
from catalog.models import Alert, Grade, Variant
from catalog.selectors.alerts import alerts_of, waits_for
from catalog.selectors.offered import rows_of_pairs
from catalog.services.alerts import ask_for_alert, confirm_alert, end_alert, end_alerts
from catalog.views.people import member, person

ALERTS_PER_CLIENT_AND_HOUR, ALERTS_PER_MAILBOX_AND_HOUR = 20, 5


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The page behind “Tell me”: for whoever is logged in it waits at once, a guest confirms the mailbox first."""
    grade = request.GET.get("grade", "")
    if grade not in Grade.values:
        raise Http404
    variant = variant_to_sell(request.GET.get("sku", ""))
    row = rows_of_pairs([(variant.pk, grade)]).get((variant.pk, grade))
    user = person(request)
    form = AlertForm(posted(request), guest=user is None, in_stock=bool(row and row.in_stock))
    if form.is_valid():
        try:
            return _asked(request, form, variant, grade)
        except DomainError as refusal:
            refuse(form, refusal)
    context = {"form": form, "variant": variant, "grade": grade, "buyable": row}
    return render(request, "alerts/new.html", context, status=status_of(form))


def _asked(request: HttpRequest, form: AlertForm, variant: Variant, grade: str) -> HttpResponse:
    user, email = person(request), form.cleaned_data.get("email", "").lower()
    if user is None and _too_often(request, email):
        return render(request, "alerts/sent.html", {"email": email, "variant": variant})
    ask_for_alert(variant, grade, user=user, email=email, target=form.cleaned_data["target"], at=now())
    if user is None:
        return render(request, "alerts/sent.html", {"email": email, "variant": variant})
    messages.success(request, _("We write to you once, as soon as it is so."))
    return redirect("alerts")


def _too_often(request: HttpRequest, email: str) -> bool:
    """Whoever types others' addresses learns nothing of it, and fills no mailbox."""
    from_here = throttled(f"alert-from:{client_of(request)}", limit=ALERTS_PER_CLIENT_AND_HOUR)
    return from_here or throttled(f"alert:{email}", limit=ALERTS_PER_MAILBOX_AND_HOUR)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def guest(request: HttpRequest, signed: str) -> HttpResponse:
    """A guest's alert: confirmed, or ended. Opening the link changes nothing."""
    if (pk := alert_of_link(signed)) is None:
        raise Http404
    alert = alert_by_link(pk, at=now())
    if request.method == "POST" and "end" in request.POST:
        end_alert(alert)
        messages.success(request, _("The alert is ended, and your address deleted with it."))
        return redirect(alert.variant.product)
    if request.method == "POST":
        try:
            confirm_alert(alert, at=now())
        except DomainError as refusal:
            messages.error(request, str(refusal))
        return redirect("alert-open", signed)
    return render(request, "alerts/guest.html", {"alert": alert, "waits_for": waits_for(alert)})


@login_required
@require_safe
def alerts(request: HttpRequest) -> HttpResponse:
    return render(request, "alerts/alerts.html", {"alerts": alerts_of(member(request), at=now())})


@login_required
@require_POST
def end(request: HttpRequest, pk: UUID) -> HttpResponse:
    alert: Alert = alert_of(member(request), pk)
    end_alert(alert)
    messages.success(request, _("Deleted."))
    return redirect("alerts")


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, sealed: str) -> HttpResponse:
    """One press in an e-mail program ends all alerts of its recipient (RFC 8058: a POST without cookies)."""
    recipient = recipient_of_link(sealed)
    if recipient is None:
        raise Http404
    if request.method == "POST":
        end_alerts(user=recipient[0], email=recipient[1])
    return render(request, "alerts/stop.html", {"stopped": request.method == "POST"})
