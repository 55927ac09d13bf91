"""A seller's trades: what happened, what to do next, and every button that does it."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from backmarket import timetravel
from backmarket.errors import DomainError
from backmarket.forms import posted, refuse, status_of
from backmarket.shipping.selectors import latest_pickup
from backmarket.shipping.services import label_pdf
from buyback import access, selectors
from buyback.forms import BankForm, MessageForm, SlotForm
from buyback.guides import HOW_TO_MEND, lock_guide
from buyback.models import CounterOffer, Trade
from buyback.next_steps import next_step
from buyback.services.inspections import answer_counter_offer
from buyback.services.messages import write_message
from buyback.services.parcels import choose_pickup, drop_off_instead
from buyback.services.trades import MONEY_HAS_LEFT, cancel_trade, change_iban
from buyback.views import crumbs
from buyback.views.accept import slots_at

PER_PAGE = 20


@login_required
@require_GET
def trades(request: HttpRequest) -> HttpResponse:
    page = Paginator(selectors.trades_of(request.user), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "buyback/trades.html", {"page_obj": page, "crumbs": crumbs.account()})


@login_required
@require_GET
def trade(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _trade_page(request, access.trade_for_seller(request.user, pk), MessageForm())


def _trade_page(request: HttpRequest, shown: Trade, form: MessageForm, status: int = 200) -> HttpResponse:
    product = shown.variant.product
    pickup = latest_pickup(shown.parcel) if shown.parcel else None
    offer = CounterOffer.objects.filter(trade=shown).first()
    context = {
        "trade": shown,
        "product": product,
        "timeline": selectors.trade_timeline(shown),
        "next": next_step(shown, pickup),
        "pickup": pickup,
        "offer": offer,
        "disputes": selectors.disputed_answers(shown, offer) if offer else [],
        "photos": shown.photos.filter(proof=True) if offer else [],
        "mend": HOW_TO_MEND.get(shown.suspension, ""),
        "guide": lock_guide(product.brand, product.category.slug),
        "payout_state": selectors.payout_state(shown),
        "can_change_iban": can_change_iban(shown),
        "story": selectors.device_story(shown),
        "talk": shown.messages.select_related("author"),
        "crumbs": crumbs.account(shown),
        "form": form,
    }
    return render(request, "buyback/trade.html", context, status=status)


def can_change_iban(shown: Trade) -> bool:
    return shown.status in Trade.OPEN and not (shown.payout and shown.payout.status in MONEY_HAS_LEFT)


@login_required
@require_GET
def trade_label(request: HttpRequest, pk: UUID) -> HttpResponse:
    shown = access.parcel_label_for_seller(request.user, pk)
    try:
        pdf = label_pdf(shown.parcel)
    except DomainError as refusal:
        messages.info(request, str(refusal))
        return redirect("trade", pk)
    name = f"{settings.SITE_NAME} {shown}.pdf"
    return HttpResponse(pdf, "application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'})


@login_required
@require_GET
def trade_photo(request: HttpRequest, pk: UUID, photo: UUID) -> FileResponse:
    found = access.photo_for_viewer(request.user, pk, photo)
    return FileResponse(found.image.open("rb"), content_type="image/jpeg")


@login_required
def trade_rebook(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Another window for the courier, or none: the seller drops the parcel off."""
    shown = access.trade_for_seller(request.user, pk)
    slots = slots_at(shown.address.postcode, shown.address.country)
    form = SlotForm(posted(request), slots=slots)
    if request.method == "POST" and form.is_valid():
        try:
            _change_pickup(request, shown, form)
        except DomainError as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, _("The collection has been changed."))
            return redirect("trade", pk)
    context = {"trade": shown, "form": form, "crumbs": crumbs.account(shown, _("Collection"))}
    return render(request, "buyback/rebook.html", context, status=status_of(form))


def _change_pickup(request: HttpRequest, shown: Trade, form: SlotForm) -> None:
    facts = {"by": request.user, "at": timetravel.now()}
    if slot := form.cleaned_data["slot"]:
        choose_pickup(shown, slot=slot, **facts)
    else:
        drop_off_instead(shown, **facts)


@login_required
def trade_cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    shown = access.trade_for_seller(request.user, pk)
    if request.method == "POST":
        try:
            cancel_trade(shown, by=request.user, at=timetravel.now())
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("The sale is cancelled. Keep your device, and do not send the parcel."))
        return redirect("trade", pk)
    if shown.status != Trade.Status.ACCEPTED:
        messages.info(request, _("The device is on its way or the sale is over: it cannot be cancelled any more."))
        return redirect("trade", pk)
    return render(request, "buyback/cancel.html", {"trade": shown})


@login_required
@require_POST
def trade_answer(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The seller's yes or no to a counter-offer; anything else changes nothing."""
    shown = access.trade_for_seller(request.user, pk)
    answer = request.POST.get("answer")
    if answer not in ("accept", "refuse"):
        messages.error(request, _("Choose: accept the new price, or have the device back."))
        return redirect("trade", pk)
    try:
        answer_counter_offer(shown, accept=answer == "accept", by=request.user, at=timetravel.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        said = _("Accepted: the money is being ordered.") if answer == "accept" else _("Your device comes back, free.")
        messages.success(request, said)
    return redirect("trade", pk)


@login_required
@require_POST
def trade_message(request: HttpRequest, pk: UUID) -> HttpResponse:
    shown = access.trade_for_seller(request.user, pk)
    form = MessageForm(request.POST)
    if not form.is_valid():
        return _trade_page(request, shown, form, status=422)
    text = form.cleaned_data["text"]
    write_message(shown, author=request.user, from_plant=False, text=text, at=timetravel.now())
    messages.success(request, _("Your message has been sent to the plant."))
    return redirect("trade", pk)


@login_required
def trade_iban(request: HttpRequest, pk: UUID) -> HttpResponse:
    shown = access.trade_for_seller(request.user, pk)
    form = BankForm(posted(request), initial={"holder": shown.holder})
    if request.method == "POST" and form.is_valid():
        try:
            change_iban(shown, **form.cleaned_data, by=request.user, at=timetravel.now())
        except DomainError as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, _("The money will go to the new account."))
            return redirect("trade", pk)
    context = {"trade": shown, "form": form, "allowed": can_change_iban(shown)}
    context["crumbs"] = crumbs.account(shown, _("Bank account"))
    return render(request, "buyback/iban.html", context, status=status_of(form))
