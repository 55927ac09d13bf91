"""What helps a shopper choose: collections, gift lists, comparison, alerts, what was just looked at."""

from django.urls import URLPattern, path

from catalog.views import alerts, collections, compare, gifts, giving, recent

urlpatterns: list[URLPattern] = [
    path("collections/", collections.collections, name="collections"),
    path("collections/<slug:slug>/", collections.collection, name="collection"),
    path("collections/<slug:slug>/preview/", collections.preview, name="collection-preview"),
    path("account/lists/", gifts.lists, name="gift-lists"),
    path("account/lists/new/", gifts.new, name="gift-list-new"),
    path("account/lists/add/", gifts.add, name="gift-add"),
    path("account/lists/<uuid:pk>/", gifts.one, name="gift-list"),
    path("account/lists/<uuid:pk>/edit/", gifts.edit, name="gift-list-edit"),
    path("account/lists/<uuid:pk>/delete/", gifts.delete, name="gift-list-delete"),
    path("account/lists/<uuid:pk>/share/", gifts.share, name="gift-list-share"),
    path("account/lists/<uuid:pk>/unshare/", gifts.unshare, name="gift-list-unshare"),
    path("account/lists/items/<uuid:pk>/", gifts.item, name="gift-item"),
    path("account/lists/items/<uuid:pk>/remove/", gifts.remove, name="gift-item-remove"),
    path("account/lists/items/<uuid:pk>/restore/", gifts.restore, name="gift-item-restore"),
    path("lists/<uuid:token>/", giving.shared, name="gift-shared"),
    path("lists/<uuid:token>/look/", giving.look, name="gift-look"),
    path("lists/<uuid:token>/give/<uuid:pk>/", giving.give, name="gift-give"),
    path("gifts/<uuid:pk>/undo/", giving.undo, name="gift-undo"),
    path("gifts/<str:signed>/", giving.guest, name="gift-guest"),
    path("alerts/new/", alerts.new, name="alert-new"),
    path("alerts/stop/<str:sealed>/", alerts.stop, name="alert-stop"),
    path("alerts/<str:signed>/", alerts.guest, name="alert-open"),
    path("account/alerts/", alerts.alerts, name="alerts"),
    path("account/alerts/<uuid:pk>/end/", alerts.end, name="alert-end"),
    path("compare/", compare.compare, name="compare"),
    path("compare/add/", compare.add, name="compare-add"),
    path("recent/", recent.recent, name="recent"),
    path("recent/forget/", recent.forget, name="recent-forget"),
]
