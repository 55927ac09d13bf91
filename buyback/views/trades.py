"""A seller's trades: what happened, what to do next, and every button that does it."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from backmarket import timetravel
from backmarket.accounts.forms import AddressForm
from backmarket.accounts.proof import fresh_proof_required
from backmarket.errors import DomainError
from backmarket.forms import posted, refuse, status_of
from backmarket.shipping.models import Pickup
from backmarket.shipping.selectors import latest_pickup
from buyback import access, selectors
from buyback.conditions import VERSIONS
from buyback.forms import BankForm, MessageForm, SlotForm
from buyback.guides import HOW_TO_MEND, lock_guide
from buyback.models import CounterOffer, Trade
from buyback.next_steps import next_step, own_step, tax_step
from buyback.services.credit import may_keep_as_credit
from buyback.services.inspections import answer_counter_offer
from buyback.services.messages import write_message
from buyback.services.parcels import CannotCorrectAddress, choose_pickup, correct_return_address, drop_off_instead
from buyback.services.trades import cancel_trade, change_iban, may_change_iban
from buyback.views import crumbs
from buyback.views.accept import address_initial, slots_at

PER_PAGE = 20


@login_required
@require_GET
def trades(request: HttpRequest) -> HttpResponse:
    page = Paginator(selectors.trades_of(request.user), PER_PAGE).get_page(request.GET.get("page"))
    rows = [{"trade": each, "next": own_step(each, selectors.listed_pickup(each))} for each in page]
    context = {"page_obj": page, "rows": rows, "tax": tax_step(request.user.pk), "crumbs": crumbs.account()}  # type: ignore[arg-type]
    return render(request, "buyback/trades.html", context)


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
        "joinable": pickup is not None and pickup.can_be_joined(timetravel.now()),
        "conditions": shown.conditions_version if shown.conditions_version in VERSIONS else "",
        "mates": [mate for mate in selectors.visit_of(shown, pickup) if mate.pk != shown.pk],
        "offer": offer,
        "disputes": selectors.disputed_answers(shown, offer) if offer else [],
        "photos": shown.photos.filter(proof=True) if offer else [],
        "mend": HOW_TO_MEND.get(shown.suspension, ""),
        "guide": lock_guide(product.brand, product.category.slug),
        "payout": selectors.payout_state(shown),
        "can_change_iban": may_change_iban(shown),
        "can_keep": may_keep_as_credit(shown),
        "story": selectors.device_story(shown),
        "talk": shown.messages.prefetch_related("photos"),
        "crumbs": crumbs.account(shown),
        "form": form,
    }
    return render(request, "buyback/trade.html", context, status=status)


@login_required
def trade_rebook(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Another window for the courier, or none: the seller drops the parcel off."""
    shown = access.trade_for_seller(request.user, pk)
    if shown.status != Trade.Status.ACCEPTED:
        messages.info(
            request, _("The courier has your device, or the sale is over: nothing is to be collected any more.")
        )
        return redirect("trade", pk)
    slots = slots_at(shown.address.postcode, shown.address.country)
    form = SlotForm(posted(request), slots=slots)
    pickup = latest_pickup(shown.parcel) if shown.parcel else None
    if request.method == "POST" and form.is_valid():
        try:
            messages.success(request, _change_pickup(request, shown, form, pickup))
        except DomainError as refusal:
            refuse(form, refusal)
        else:
            return redirect("trade", pk)
    context = {"trade": shown, "form": form, "pickup": pickup, "crumbs": crumbs.account(shown, _("Collection"))}
    return render(request, "buyback/rebook.html", context, status=status_of(form))


def _change_pickup(request: HttpRequest, shown: Trade, form: SlotForm, pickup: Pickup | None) -> str:
    """Does what was chosen, and says so. Who chooses the drop-off that it is already has changed nothing."""
    facts = {"by": request.user, "at": timetravel.now()}
    if slot := form.cleaned_data["slot"]:
        choose_pickup(shown, slot=slot, **facts)
        return _("The collection has been changed.")
    if pickup is not None and pickup.is_open:
        drop_off_instead(shown, **facts)
    return _("You drop the parcel off: the courier does not come.")


@login_required
def trade_pickup_cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The courier shall not come; the sale goes on. Asks first."""
    shown = access.trade_for_seller(request.user, pk)
    pickup = latest_pickup(shown.parcel) if shown.parcel else None
    if request.method == "POST":
        try:
            drop_off_instead(shown, by=request.user, at=timetravel.now())
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("The courier does not come. Drop the parcel off, or choose another day."))
        return redirect("trade", pk)
    if shown.status != Trade.Status.ACCEPTED or pickup is None or not pickup.is_open:
        messages.info(request, _("No visit of the courier is ahead: there is nothing to cancel."))
        return redirect("trade", pk)
    return render(request, "buyback/pickup_cancel.html", {"trade": shown, "pickup": pickup})


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
def trade_answer(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The seller's yes or no to a counter-offer: a page that says what follows, then the answer itself.

    Anything else changes nothing.
    """
    shown = access.trade_for_seller(request.user, pk)
    answer = (request.POST if request.method == "POST" else request.GET).get("answer")
    if answer not in ("accept", "refuse"):
        messages.error(request, _("Choose: accept the new price, or have the device back."))
        return redirect("trade", pk)
    if request.method == "POST":
        return _answer(request, shown, accept=answer == "accept")
    offer = CounterOffer.objects.filter(trade=shown, answer="").first()
    if offer is None or shown.status != Trade.Status.COUNTERED:
        messages.info(request, _("No counter-offer waits for an answer."))
        return redirect("trade", pk)
    context = {"trade": shown, "offer": offer, "answer": answer, "hidden": {"answer": answer}}
    return render(request, "buyback/answer.html", context)


def _answer(request: HttpRequest, shown: Trade, *, accept: bool) -> HttpResponse:
    try:
        answer_counter_offer(shown, accept=accept, by=request.user, at=timetravel.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        said = _("Accepted: the money is being ordered.") if accept else _("Your device comes back, free.")
        messages.success(request, said)
    return redirect("trade", shown.pk)


@login_required
@fresh_proof_required
def trade_address(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Where the device shall go that the courier could not bring back."""
    shown = access.trade_for_seller(request.user, pk)
    if shown.status != Trade.Status.UNDELIVERED:
        messages.info(request, str(CannotCorrectAddress.default_message))
        return redirect("trade", pk)
    form = AddressForm(posted(request), initial=address_initial(shown.address))
    if request.method == "POST" and form.is_valid():
        try:
            correct_return_address(shown, address=form.cleaned_data, by=request.user, at=timetravel.now())
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _sent_where(shown))
        return redirect("trade", pk)
    context = {"trade": shown, "form": form, "crumbs": crumbs.account(shown, _("Address"))}
    return render(request, "buyback/address.html", context, status=status_of(form))


def _sent_where(shown: Trade) -> str:
    if shown.status == Trade.Status.UNDELIVERED:
        return _("Your address is corrected. The plant is told to send your device there.")
    return _("Your address is corrected: your device is sent there, free.")


@login_required
@require_POST
def trade_message(request: HttpRequest, pk: UUID) -> HttpResponse:
    shown = access.trade_for_seller(request.user, pk)
    form = MessageForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            write_message(shown, author=request.user, from_plant=False, **form.cleaned_data, at=timetravel.now())
        except DomainError as refusal:
            refuse(form, refusal)
    if form.errors:
        return _trade_page(request, shown, form, status=422)
    messages.success(request, _("Your message has been sent to the plant."))
    return redirect("trade", pk)


@login_required
@fresh_proof_required
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
    context = {"trade": shown, "form": form, "allowed": may_change_iban(shown)}
    context["payout"] = selectors.payout_state(shown)
    context["crumbs"] = crumbs.account(shown, _("Bank account"))
    return render(request, "buyback/iban.html", context, status=status_of(form))
