"""Plants for programs: read only, open to everyone."""

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.permissions import AllowAny

from backmarket.api.pagination import CursorPagination
from refurbishers import selectors
from refurbishers.models import Refurbisher


class PlantsPagination(CursorPagination):
    ordering = "slug"


class PlantOutput(serializers.Serializer):
    """A plant: rating in stars, shares in basis points, medians in days and minutes; null while too few are known."""

    slug = serializers.SlugField()
    name = serializers.CharField()
    status = serializers.ChoiceField(choices=Refurbisher.Status.choices)
    country = serializers.CharField()
    city = serializers.CharField()
    categories = serializers.SerializerMethodField()
    rating = serializers.FloatField(allow_null=True)
    rating_count = serializers.IntegerField()
    quality_bps = serializers.IntegerField()
    paid_as_quoted_bps = serializers.IntegerField(allow_null=True)
    median_days_to_pay = serializers.IntegerField(allow_null=True)
    median_answer_minutes = serializers.IntegerField(allow_null=True)

    def get_categories(self, plant: Refurbisher) -> list[str]:
        return [category.slug for category in plant.categories.all()]


class PromiseOutput(serializers.Serializer):
    """A measured clause; `threshold` and `achieved` are in `unit`."""

    code = serializers.CharField()
    text = serializers.CharField()
    unit = serializers.CharField()
    comparison = serializers.CharField()
    threshold = serializers.IntegerField()
    achieved = serializers.IntegerField(allow_null=True)
    sample = serializers.IntegerField()
    window_days = serializers.IntegerField()
    kept = serializers.BooleanField(allow_null=True)


class PlantDetailOutput(PlantOutput):
    legal_name = serializers.CharField()
    registration_number = serializers.CharField()
    vat_number = serializers.CharField()
    line1 = serializers.CharField()
    postcode = serializers.CharField()
    email = serializers.EmailField()
    phone = serializers.CharField()
    story = serializers.CharField()
    promises = serializers.SerializerMethodField()

    @extend_schema_field(PromiseOutput(many=True))
    def get_promises(self, plant: Refurbisher) -> list[dict[str, object]]:
        return PromiseOutput(selectors.promises(plant.pk), many=True).data


class PlantsEndpoint(ListAPIView):
    """The plants that trade, by slug."""

    permission_classes = [AllowAny]
    serializer_class = PlantOutput
    pagination_class = PlantsPagination

    @extend_schema(
        parameters=[
            OpenApiParameter("category", OpenApiTypes.STR, description="slug of a category of expertise"),
            OpenApiParameter("country", OpenApiTypes.STR, description="ISO 3166-1 alpha-2"),
        ]
    )
    def get(self, *args: object, **kwargs: object) -> object:
        return super().get(*args, **kwargs)

    def get_queryset(self) -> QuerySet[Refurbisher]:
        wanted = self.request.query_params
        return selectors.public_plants(category=wanted.get("category", ""), country=wanted.get("country", ""))


class PlantEndpoint(RetrieveAPIView):
    """One plant, with what it promised beside what it achieved."""

    permission_classes = [AllowAny]
    serializer_class = PlantDetailOutput
    lookup_field = "slug"
    queryset = Refurbisher.objects.public()
