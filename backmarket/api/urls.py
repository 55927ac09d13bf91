"""The API: the schema, a page to read it, and each app's endpoints."""

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework.permissions import AllowAny

from backmarket.api.errors import UnknownPath

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(permission_classes=[AllowAny]), name="api-schema"),
    path(
        "docs/",
        SpectacularSwaggerView.as_view(url_name="api-schema", permission_classes=[AllowAny]),
        name="api-docs",
    ),
    path("v1/", include("buyback.api_urls")),
    path("v1/", include("catalog.api_urls")),
    path("v1/", include("orders.api_urls")),
    path("v1/", include("refurbishers.api_urls")),
    path("v1/", include("reviews.api_urls")),
    re_path("", UnknownPath.as_view(), name="api-nothing"),
]
