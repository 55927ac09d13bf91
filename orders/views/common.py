"""What every view of orders needs to know of its visitor."""

from django.http import HttpRequest, HttpResponse

from backmarket.accounts.models import User
from backmarket.events.services import Actor
from backmarket.shipping.models import Parcel
from backmarket.shipping.services import label_pdf
from orders.models import Order

GUEST_ORDERS = "guest_orders"


def person(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


def actor(request: HttpRequest) -> Actor:
    return person(request) or "guest"


def opened(request: HttpRequest) -> list[str]:
    """The guest orders that this session has made, or opened with both factors."""
    return list(request.session.get(GUEST_ORDERS, []))


def remember_guest_order(request: HttpRequest, order: Order) -> None:
    if order.buyer_id is None and str(order.pk) not in opened(request):
        request.session[GUEST_ORDERS] = [*opened(request), str(order.pk)][-20:]


def label_response(parcel: Parcel) -> HttpResponse:
    """The label as a PDF to print; raises LabelNotReady while the courier has not answered."""
    response = HttpResponse(label_pdf(parcel), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="label-{parcel.tracking_number}.pdf"'
    return response
