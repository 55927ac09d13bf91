"""Orders for programs: a buyer's own orders, and a plant's parcels to send."""

from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.api.pagination import CursorPagination
from backmarket.invoices.models import Kind
from backmarket.invoices.selectors import papers_about
from backmarket.invoices.views import pdf_response
from backmarket.shipping.models import Parcel
from orders import access, selectors
from orders.models import Consignment, Order, OrderLine
from orders.services.cancelling import ask_to_cancel, cancel_line
from orders.services.fulfilment import ship_consignment
from refurbishers.access import plant_of, require_role
from refurbishers.models import Member


class LineOutput(serializers.Serializer):
    """One device; amounts in minor units, the shipping share included in `shipping_minor` alone, `surcharge_minor` of
    it for express."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=OrderLine.Status.choices)
    title = serializers.CharField()
    sku = serializers.CharField(source="listing.variant.sku")
    grade = serializers.CharField()
    plant = serializers.CharField(source="plant.slug")
    price_minor = serializers.IntegerField()
    shipping_minor = serializers.IntegerField()
    surcharge_minor = serializers.IntegerField()
    currency = serializers.CharField()
    identifier = serializers.CharField()
    due_at = serializers.DateTimeField(allow_null=True)
    cancel_request = serializers.CharField(source="cancel_request.status", default="")


class OrderOutput(serializers.Serializer):
    """An order of the person who asks; its total in minor units."""

    id = serializers.UUIDField()
    number = serializers.IntegerField()
    payment_status = serializers.ChoiceField(choices=Order.PaymentStatus.choices)
    total_minor = serializers.IntegerField()
    credit_minor = serializers.IntegerField(help_text="What of the total the buyer's credit pays.")
    currency = serializers.CharField()
    placed_at = serializers.DateTimeField()
    lines = LineOutput(many=True)


class PaperOutput(serializers.Serializer):
    """An invoice or a credit note of an order. `total_minor` includes `vat_minor`, which the margin scheme leaves out;
    `corrects` is the invoice that a credit note gives back from.
    """

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=Kind.choices)
    number = serializers.CharField(source="code")
    corrects = serializers.UUIDField(source="corrects_id", allow_null=True)
    total_minor = serializers.IntegerField()
    vat_minor = serializers.IntegerField()
    currency = serializers.CharField()
    issued_at = serializers.DateTimeField()
    pdf = serializers.HyperlinkedIdentityField(view_name="api-paper")


class ConsignmentOutput(serializers.Serializer):
    """What a plant still has to send in one parcel, and to whom."""

    id = serializers.UUIDField()
    order = serializers.IntegerField(source="order.number")
    ship_by = serializers.DateTimeField()
    service = serializers.ChoiceField(
        choices=Parcel.Service.choices, help_text="The label of the house courier has it."
    )
    promised_date = serializers.DateField(allow_null=True, help_text="Of express: later costs the plant the surcharge.")
    recipient = serializers.ListField(child=serializers.CharField(), source="destination.lines")
    lines = LineOutput(many=True)


class ShipmentInput(serializers.Serializer):
    """`identifiers` is {line id: IMEI or serial}; courier and number both, or neither for the house courier."""

    identifiers = serializers.DictField(child=serializers.CharField(max_length=40))
    courier = serializers.CharField(max_length=30, default="", allow_blank=True)
    tracking_number = serializers.CharField(max_length=40, default="", allow_blank=True)

    def validate_identifiers(self, given: dict[str, str]) -> dict[UUID, str]:
        try:
            return {UUID(line): identifier for line, identifier in given.items()}
        except ValueError as error:
            raise serializers.ValidationError("Every key is the id of a line.") from error


class ShipmentOutput(serializers.Serializer):
    """The parcel; its number is empty until the house courier has given one."""

    parcel = serializers.UUIDField(source="id")
    courier = serializers.CharField()
    tracking_number = serializers.CharField()


class CancelInput(serializers.Serializer):
    """`ask` asks the plant for what it has accepted; without it only what it has not accepted is cancelled."""

    ask = serializers.BooleanField(default=False)


class CancelEndpoint(APIView):
    """Call off a device of one's own order before it is sent; 409 when it cannot be called off this way any more."""

    @extend_schema(request=CancelInput, responses=LineOutput)
    def post(self, request: Request, pk: UUID) -> Response:
        line = access.line_for_buyer(request.user, (), pk)
        form = CancelInput(data=request.data)
        form.is_valid(raise_exception=True)
        act = ask_to_cancel if form.validated_data["ask"] else cancel_line
        buyer = request.user
        assert isinstance(buyer, User)  # noqa: S101 - it has orders
        act(line, by=buyer, at=timetravel.now())
        return Response(LineOutput(access.line_for_buyer(buyer, (), pk)).data)


class OrdersPagination(CursorPagination):
    ordering = "-number"


class OrdersEndpoint(ListAPIView):
    """One's own orders, newest first."""

    serializer_class = OrderOutput
    pagination_class = OrdersPagination
    queryset = Order.objects.none()

    def get_queryset(self):  # type: ignore[no-untyped-def]
        return selectors.orders_of(self.request.user)  # type: ignore[arg-type]


class OrderEndpoint(RetrieveAPIView):
    """One of one's own orders."""

    serializer_class = OrderOutput
    queryset = Order.objects.none()

    def get_object(self) -> Order:
        return access.order_for_buyer(self.request.user, (), self.kwargs["pk"])


class PapersEndpoint(APIView):
    """The invoices and credit notes of one of one's own orders, oldest first."""

    @extend_schema(responses=PaperOutput(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        order = access.order_for_buyer(request.user, (), pk)
        return Response(PaperOutput(papers_about(order.pk), many=True, context={"request": request}).data)


class PaperEndpoint(APIView):
    """One paper as PDF, as it was archived."""

    @extend_schema(responses={(200, "application/pdf"): bytes})
    def get(self, request: Request, pk: UUID) -> HttpResponse:
        return pdf_response(access.paper_for_buyer(request.user, (), pk), at=timetravel.now())


class ConsignmentsPagination(CursorPagination):
    ordering = ("ship_by", "pk")  # type: ignore[assignment]


class ConsignmentsEndpoint(ListAPIView):
    """The parcels that one's plant has to send, the most urgent first."""

    serializer_class = ConsignmentOutput
    pagination_class = ConsignmentsPagination
    queryset = Consignment.objects.none()

    def get_queryset(self):  # type: ignore[no-untyped-def]
        return selectors.consignments_to_ship(plant_of(self.request.user))


class ShipmentEndpoint(APIView):
    """Send a parcel: every device with its IMEI or serial, which is final."""

    @extend_schema(request=ShipmentInput, responses={201: ShipmentOutput})
    def post(self, request: Request, pk: UUID) -> Response:
        require_role(request.user, Member.Role.OWNER, Member.Role.MANAGER, Member.Role.TECHNICIAN)
        consignment = access.consignment_for_plant(request.user, pk)
        form = ShipmentInput(data=request.data)
        form.is_valid(raise_exception=True)
        member = request.user
        assert isinstance(member, User)  # noqa: S101 - require_role
        parcel = ship_consignment(consignment, by=member, at=timetravel.now(), **form.validated_data)
        return Response(ShipmentOutput(parcel).data, status=201)
