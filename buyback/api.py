"""Selling for programs: ask for a quote, read it, follow one's own trades."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backmarket import timetravel
from backmarket.api.pagination import CursorPagination
from buyback import access, selectors
from buyback.models import Quote, Trade
from buyback.services.quotes import make_quote
from catalog.grading import IncompleteAnswers
from catalog.models import Condition, Variant


class BidOutput(serializers.Serializer):
    """A plant's price in minor units; rating in stars, share in basis points, median in days, null while unknown."""

    plant = serializers.CharField(source="plant.slug")
    price_minor = serializers.IntegerField()
    currency = serializers.CharField()
    rating = serializers.FloatField(allow_null=True)
    paid_as_quoted_bps = serializers.IntegerField(allow_null=True)
    median_days_to_pay = serializers.IntegerField(allow_null=True)


class QuoteOutput(serializers.Serializer):
    """A quote, its bids best first."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=Quote.Status.choices)
    sku = serializers.CharField(source="variant.sku")
    condition = serializers.ChoiceField(choices=Condition.choices)
    expires_at = serializers.DateTimeField()
    bids = BidOutput(many=True)


class QuoteInput(serializers.Serializer):
    """`answers` is {question code: option code}, as GET /sell/d/<sku>/ asks them."""

    sku = serializers.SlugRelatedField(
        slug_field="sku", queryset=Variant.objects.select_related("product__category"), source="variant"
    )
    answers = serializers.DictField(child=serializers.CharField(max_length=40))


class TradeOutput(serializers.Serializer):
    """A trade of the person who asks; prices in minor units."""

    id = serializers.UUIDField()
    number = serializers.IntegerField()
    status = serializers.ChoiceField(choices=Trade.Status.choices)
    sku = serializers.CharField(source="variant.sku")
    plant = serializers.CharField(source="plant.slug")
    quoted_minor = serializers.IntegerField()
    price_minor = serializers.IntegerField()
    currency = serializers.CharField()
    due_at = serializers.DateTimeField(allow_null=True)
    accepted_at = serializers.DateTimeField()
    credited_at = serializers.DateTimeField(allow_null=True, help_text="When its money became the seller's credit.")


class QuotesEndpoint(APIView):
    """Ask what plants pay for a described device. Nothing is binding."""

    permission_classes = [AllowAny]

    @extend_schema(request=QuoteInput, responses={201: QuoteOutput})
    def post(self, request: Request) -> Response:
        form = QuoteInput(data=request.data)
        form.is_valid(raise_exception=True)
        by = request.user if request.user.is_authenticated else "guest"
        try:
            quote = make_quote(**form.validated_data, by=by, at=timetravel.now())
        except IncompleteAnswers as refusal:
            raise ValidationError({"answers": {refusal.field: [str(refusal)]}}) from refusal
        return Response(QuoteOutput(quote).data, status=201)


class QuoteEndpoint(APIView):
    """One quote, by its UUID."""

    permission_classes = [AllowAny]

    @extend_schema(responses=QuoteOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(QuoteOutput(access.quote_for_anyone(pk)).data)


class TradesPagination(CursorPagination):
    ordering = "-number"


class TradesEndpoint(ListAPIView):
    """One's own trades, newest first."""

    serializer_class = TradeOutput
    pagination_class = TradesPagination
    queryset = Trade.objects.none()

    def get_queryset(self):  # type: ignore[no-untyped-def]
        return selectors.trades_of(self.request.user)


class TradeEndpoint(RetrieveAPIView):
    """One of one's own trades."""

    serializer_class = TradeOutput
    queryset = Trade.objects.none()

    def get_object(self) -> Trade:
        return access.trade_for_seller(self.request.user, self.kwargs["pk"])
