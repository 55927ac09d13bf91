"""Published ratings for programs: read only, open to everyone."""

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.permissions import AllowAny

from backmarket.api.pagination import CursorPagination
from refurbishers.access import public_plant
from refurbishers.models import Refurbisher
from reviews import selectors
from reviews.models import Review


class ReviewsPagination(CursorPagination):
    ordering = ("-published_at", "pk")


class ReviewOutput(serializers.Serializer):
    """A rating; `leg` says whether the author bought from the plant or sold to it."""

    id = serializers.UUIDField()
    leg = serializers.SerializerMethodField()
    author = serializers.CharField(source="author_name")
    device = serializers.CharField(source="device_title")
    product = serializers.SlugField(source="product_slug")
    stars = serializers.IntegerField()
    stars_device = serializers.IntegerField(allow_null=True)
    stars_delivery = serializers.IntegerField()
    stars_service = serializers.IntegerField()
    words = serializers.CharField()
    published_at = serializers.DateTimeField()
    reply = serializers.CharField()
    replied_at = serializers.DateTimeField(allow_null=True)

    def get_leg(self, review: Review) -> str:
        return "bought" if review.line_id else "sold"


class PlantReviewsEndpoint(ListAPIView):
    """The published ratings of one plant, newest first."""

    permission_classes = [AllowAny]
    serializer_class = ReviewOutput
    pagination_class = ReviewsPagination

    def get_queryset(self) -> QuerySet[Review]:
        if getattr(self, "swagger_fake_view", False):
            return Review.objects.none()
        plant: Refurbisher = public_plant(self.kwargs["slug"])
        return selectors.reviews_of_plant(plant)
