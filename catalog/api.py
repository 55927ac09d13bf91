"""The catalogue for programs: the shop window, open to everyone, and a plant's own listings."""

from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.money import Money
from catalog.access import listing_for_plant, listings_for_plant, public_product
from catalog.models import Buyable, Grade, Listing, VatScheme
from catalog.search import matching
from catalog.selectors.offers import offers
from catalog.services.listings import MIN_GUARANTEE_MONTHS, change_listing
from catalog.services.stock import free_expired
from refurbishers.access import require_role
from refurbishers.models import Member

PRICERS = (Member.Role.OWNER, Member.Role.MANAGER)


class BuyableOutput(serializers.Serializer):
    """The offer shown of a variant in a grade. Amounts in minor units, shares in basis points."""

    sku = serializers.CharField()
    grade = serializers.ChoiceField(choices=Grade.choices)
    title = serializers.CharField()
    subtitle = serializers.CharField()
    product = serializers.SlugField(source="slug")
    url = serializers.CharField()
    brand = serializers.CharField()
    attributes = serializers.JSONField()
    listing = serializers.UUIDField(source="best_listing_id")
    price_minor = serializers.IntegerField()
    shipping_minor = serializers.IntegerField()
    currency = serializers.CharField()
    reference_minor = serializers.IntegerField(allow_null=True, help_text="price of a new one")
    reference_source = serializers.CharField()
    reference_date = serializers.DateField(allow_null=True)
    saving_bps = serializers.IntegerField()
    offer_count = serializers.IntegerField()
    plant = serializers.SlugField(source="plant_slug")
    plant_rating = serializers.FloatField(allow_null=True)
    guarantee_months = serializers.IntegerField()
    shipping_days = serializers.IntegerField()
    score = serializers.IntegerField()


class BuyablesInput(serializers.Serializer):
    category = serializers.SlugField(required=False)
    q = serializers.CharField(required=False, max_length=100)
    grade = serializers.ChoiceField(choices=Grade.choices, required=False)
    max_price = serializers.IntegerField(required=False, min_value=1)


class BuyablesEndpoint(ListAPIView):
    """What is in stock, one row per variant and grade."""

    permission_classes = [AllowAny]
    serializer_class = BuyableOutput

    @extend_schema(
        parameters=[
            OpenApiParameter("category", OpenApiTypes.STR, description="slug of a category"),
            OpenApiParameter("q", OpenApiTypes.STR, description="words to search for; typing errors are forgiven"),
            OpenApiParameter("grade", OpenApiTypes.STR, enum=Grade.values),
            OpenApiParameter("max_price", OpenApiTypes.INT, description="in minor units"),
        ]
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        free_expired(timetravel.now())
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> "QuerySet[Buyable]":
        asked = BuyablesInput(data=self.request.query_params)
        asked.is_valid(raise_exception=True)
        wanted = asked.validated_data
        rows = Buyable.objects.in_stock().defer("search", "search_text")
        columns = {"category": "category__slug", "grade": "grade", "max_price": "price_minor__lte"}
        rows = rows.filter(**{column: wanted[name] for name, column in columns.items() if name in wanted})
        return matching(rows, wanted["q"]) if "q" in wanted else rows


class OfferOutput(serializers.Serializer):
    """One plant's offer, with its points by the published formula."""

    listing = serializers.UUIDField(source="listing.pk")
    number = serializers.IntegerField(source="listing.number")
    plant = serializers.SlugField(source="listing.plant.slug")
    price_minor = serializers.IntegerField(source="listing.price_minor")
    shipping_minor = serializers.IntegerField(source="listing.shipping_minor")
    currency = serializers.CharField(source="listing.currency")
    guarantee_months = serializers.IntegerField(source="listing.guarantee_months")
    shipping_days = serializers.IntegerField(source="listing.shipping_days")
    score = serializers.IntegerField()


class VariantOutput(serializers.Serializer):
    sku = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field, not the serializer's own label
    colour = serializers.CharField()
    attributes = serializers.JSONField()


class ProductOutput(serializers.Serializer):
    """A product with its variants, and the offer shown of each that is in stock."""

    slug = serializers.SlugField()
    title = serializers.CharField()
    brand = serializers.CharField()
    category = serializers.SlugField()
    released_year = serializers.IntegerField()
    variants = VariantOutput(many=True)
    buyables = BuyableOutput(many=True)
    offers = OfferOutput(many=True)


class ProductEndpoint(APIView):
    """One product. With `variant` (a SKU) and `grade`, also every offer of that variant in that grade, best first."""

    permission_classes = [AllowAny]

    @extend_schema(
        parameters=[
            OpenApiParameter("variant", OpenApiTypes.STR, description="SKU"),
            OpenApiParameter("grade", OpenApiTypes.STR, enum=Grade.values),
        ],
        responses=ProductOutput,
    )
    def get(self, request: Request, slug: str) -> Response:
        free_expired(timetravel.now())
        product = public_product(slug)
        rows = list(product.buyables.in_stock().defer("search", "search_text"))
        asked = (request.query_params.get("variant"), request.query_params.get("grade"))
        row = next((row for row in rows if (row.sku, row.grade) == asked), None)
        answer = {
            "slug": product.slug,
            "title": str(product),
            "brand": product.brand,
            "category": product.category.slug,
            "released_year": product.released_year,
            "variants": product.variants.all(),
            "buyables": rows,
            "offers": offers(row.variant_id, row.grade, row.currency) if row else [],
        }
        return Response(ProductOutput(answer).data)


class ListingOutput(serializers.Serializer):
    """A plant's own listing. Amounts in minor units; `available` is what nobody holds."""

    id = serializers.UUIDField()
    number = serializers.IntegerField()
    sku = serializers.CharField(source="variant.sku")
    title = serializers.CharField(source="variant")
    grade = serializers.ChoiceField(choices=Grade.choices)
    status = serializers.ChoiceField(choices=Listing.Status.choices)
    price_minor = serializers.IntegerField()
    shipping_minor = serializers.IntegerField()
    currency = serializers.CharField()
    on_hand = serializers.IntegerField()
    reserved = serializers.IntegerField()
    available = serializers.IntegerField()
    guarantee_months = serializers.IntegerField()
    shipping_days = serializers.IntegerField()
    vat_scheme = serializers.ChoiceField(choices=VatScheme.choices)
    comment = serializers.CharField()


class ListingChange(serializers.Serializer):
    """What of a listing may be changed, all of it optional."""

    price_minor = serializers.IntegerField(required=False, min_value=1, max_value=2_000_000_000)
    on_hand = serializers.IntegerField(required=False, min_value=0, max_value=100_000)
    guarantee_months = serializers.IntegerField(required=False, min_value=MIN_GUARANTEE_MONTHS, max_value=120)
    comment = serializers.CharField(required=False, allow_blank=True, max_length=500)


class PlantListingsEndpoint(ListAPIView):
    """The listings of the plant you work at."""

    serializer_class = ListingOutput

    def get_queryset(self) -> "QuerySet[Listing]":
        if getattr(self, "swagger_fake_view", False):
            return Listing.objects.none()
        return listings_for_plant(self.request.user)


class PlantListingEndpoint(APIView):
    """One listing of the plant you work at; owners and managers may change it."""

    @extend_schema(responses=ListingOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(ListingOutput(listing_for_plant(request.user, pk)).data)

    @extend_schema(request=ListingChange, responses=ListingOutput)
    def patch(self, request: Request, pk: UUID) -> Response:
        user = cast(User, request.user)
        listing = listing_for_plant(user, pk)
        require_role(user, *PRICERS)
        given = ListingChange(data=request.data)
        given.is_valid(raise_exception=True)
        changes = dict(given.validated_data)
        if "price_minor" in changes:
            changes["price"] = Money(changes.pop("price_minor"), listing.currency)
        changed = change_listing(listing, by=user, at=timetravel.now(), **changes)
        return Response(ListingOutput(changed).data)
