"""What helps a shopper choose: collections, gift lists, comparison, alerts, what was just looked at."""

from django.urls import URLPattern, path

from catalog.views import collections

urlpatterns: list[URLPattern] = [
    path("collections/", collections.collections, name="collections"),
    path("collections/<slug:slug>/", collections.collection, name="collection"),
    path("collections/<slug:slug>/preview/", collections.preview, name="collection-preview"),
]
