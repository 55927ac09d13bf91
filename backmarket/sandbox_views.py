"""The sandbox's own pages, mounted only where sandboxes are allowed: the time machine and the bank's pay page."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backmarket import clock, jobs, market, timetravel
from backmarket.clock import OPENS
from backmarket.errors import DomainError
from backmarket.money import Money
from backmarket.payments.gateways import sandbox as bank
from backmarket.payments.gateways import sandbox_connect, sandbox_disputes
from backmarket.payments.models import SandboxIntent
from backmarket.shipping import services as shipping
from backmarket.shipping.couriers import sandbox as courier
from backmarket.shipping.selectors import upcoming_shipments
from backmarket.tasks import run_job
from catalog.registry import SandboxRegistry
from orders.selectors import kept_until

# Numbers that are right, for whoever has no telephone and no bank statement at hand.
CLEAN_IMEI, PAID_IBAN = "356938035643809", "FR7630006000011234567890189"
STEPS = {
    "hour": gettext_lazy("One hour"),
    "morning": gettext_lazy("To the next working morning"),
    "day": gettext_lazy("One day"),
    "week": gettext_lazy("One week"),
    "month": gettext_lazy("One month"),
}
FARTHEST = timedelta(days=3660)
SHIPMENTS_SHOWN = 15


@require_safe
def sandbox(request: HttpRequest) -> HttpResponse:
    now = timetravel.now()
    context = {
        "now": now,
        "is_moved": abs(now - timezone.now()) > timedelta(minutes=1),
        "steps": STEPS.items(),
        "shipments": upcoming_shipments()[:SHIPMENTS_SHOWN],
        "tables": _tables(),
    }
    return render(request, "sandbox/sandbox.html", context)


def _endings(table: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(_("ending in %(digits)s") % {"digits": key}, text) for key, text in table.items()]


def _tables() -> list[tuple[str, str, list[tuple[str, Any]]]]:
    """What does what: (title, name of the key, rows)."""
    iban = bank.EXAMPLE_BOUNCING_IBAN
    return [
        (_("Test cards"), _("Card number"), list(bank.CARDS.items())),
        (
            _("Amounts to pay"),
            _("Amount"),
            _endings(bank.AMOUNTS),
        ),
        (
            _("Amounts to refund"),
            _("Amount"),
            _endings(bank.REFUNDS),
        ),
        (_("Disputes"), _("What the shop answers"), list(sandbox_disputes.TABLE.items())),
        (
            _("Transfers to plants' own accounts"),
            _("What happens there"),
            [
                *((_("the button “%(name)s”") % {"name": label}, text) for label, text in sandbox_connect.buttons()),
                *((_("amount %(ending)s") % {"ending": key}, text) for key, text in sandbox_connect.TABLE.items()),
            ],
        ),
        (
            _("Bank accounts"),
            _("IBAN"),
            [
                (PAID_IBAN, _("A French account that is paid.")),
                (iban, _("The transfer comes back: its account number ends in 0002.")),
            ],
        ),
        (
            _("Postcodes of the sender or the recipient"),
            _("Postcode"),
            _endings(courier.POSTCODES),
        ),
        (
            _("Devices that no plant buys"),
            _("Device"),
            [
                (_("Amazon Kindle Paperwhite (2018)"), _("if it does not turn on")),
                (_("Apple iPhone 7"), _("if it does not turn on and its screen is cracked")),
            ],
        ),
        (
            _("Stolen-device registry"),
            _("IMEI or serial number"),
            [(CLEAN_IMEI, _("a telephone of which nothing is reported")), *SandboxRegistry.DOCUMENTED.items()],
        ),
    ]


@require_POST
def travel(request: HttpRequest) -> HttpResponse:
    """Move the clock and set every job to work there. `step` is a key of STEPS, "present", or "to" with an instant."""
    try:
        target = _target(request.POST.get("step", ""), request.POST.get("to", ""), timetravel.now())
    except ValueError:
        messages.error(request, _("Choose how far to travel: at most ten years ahead."))
        return redirect("sandbox")
    if target is None:
        timetravel.come_back()
    else:
        timetravel.travel_to(target)
    for name in jobs.names():
        run_job.delay(name)
    shown = date_format(market.calendar().local(timetravel.now()), "DATETIME_FORMAT")
    messages.success(request, _("It is now %(now)s. What was due meanwhile is being done.") % {"now": shown})
    return redirect("sandbox")


def _target(step: str, to: str, now: datetime) -> datetime | None:
    """The instant to travel to, None for the present. Raises ValueError."""
    calendar = market.calendar()
    local = calendar.local(now)
    targets: dict[str, datetime | None] = {
        "present": None,
        "hour": now + timedelta(hours=1),
        # Nobody is reminded of anything at night, so an hour after the offices open.
        "morning": calendar.instant(calendar.business_day_after(local.date(), 1), OPENS) + timedelta(hours=1),
        "day": datetime.combine(local.date() + timedelta(days=1), local.timetz()),
        "week": datetime.combine(local.date() + timedelta(days=7), local.timetz()),
        "month": datetime.combine(clock.add_months(local.date(), 1), local.timetz()),
    }
    target = datetime.fromisoformat(to) if step == "to" else targets.get(step, now)
    if target is not None and (target.tzinfo is None or not now < target <= timezone.now() + FARTHEST):
        raise ValueError(step)
    return target


@require_POST
def advance_courier(request: HttpRequest) -> HttpResponse:
    """Everything that the courier should have done by now."""
    now = timetravel.now()
    shipping.book_couriers(now)
    done = shipping.advance_sandbox_courier(now)
    messages.success(request, _("The courier made %(count)s scans.") % {"count": done})
    return redirect("sandbox")


@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: HttpRequest, pk: str) -> HttpResponse:
    """The sandbox bank's pay page. POST `action`: pay (with `card`), code (with `code`) or cancel.

    As a real bank's, it knows how long the shop keeps what is bought; then it shows the way back, and takes late money.
    """
    intent = bank.find_payment(pk)
    if intent is None:
        raise Http404
    error = ""
    if request.method == "POST":
        try:
            _act(intent, request)
        except DomainError as refusal:
            error = str(refusal)
    if intent.status not in (bank.OPEN, bank.CHALLENGE):
        return redirect(intent.return_url)
    until, now = kept_until(intent.pk), timetravel.now()
    context = {
        "intent": intent,
        "until": until,
        "seconds": int((until - now).total_seconds()) if until and now < until else 0,
        "is_over": until is not None and until <= now,
        "amount": Money(intent.amount_minor, intent.currency),
        "is_challenge": intent.status == bank.CHALLENGE,
        "card": request.POST.get("card") or next(iter(bank.CARDS)),
        "cards": bank.CARDS.items(),
        "amounts": bank.AMOUNTS.items(),
        "error": error,
    }
    return render(request, "sandbox/pay.html", context, status=422 if error else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def connect(request: HttpRequest, pk: str) -> HttpResponse:
    """Where a payee fills in their account with the sandbox. POST `answer`: a key of sandbox_connect.ANSWERS."""
    intent = get_object_or_404(SandboxIntent, pk=pk, kind="account")
    if request.method == "POST":
        sandbox_connect.fill_in(intent, request.POST.get("answer", ""))
        return redirect(intent.return_url or "sandbox")
    return render(request, "sandbox/connect.html", {"answers": sandbox_connect.answers()})


def _act(intent: SandboxIntent, request: HttpRequest) -> None:
    action = request.POST.get("action", "")
    if action == "pay":
        bank.pay(intent, request.POST.get("card", ""))
    elif action == "code":
        if not (code := request.POST.get("code", "").strip()):
            raise DomainError(_("Type the code."), field="code")
        bank.answer_challenge(intent, code)
    elif action == "cancel":
        bank.give_up(intent)
