from django.contrib.sitemaps.views import sitemap
from django.urls import URLPattern, URLResolver, path

from catalog import views
from catalog.sitemaps import SITEMAPS

urlpatterns: list[URLPattern | URLResolver] = [
    path("c/<slug:slug>/", views.category, name="category"),
    path("p/<slug:slug>/", views.product, name="product"),
    path("search/", views.search, name="search"),
    path("search/suggest/", views.suggest, name="suggest"),
    path("impact/", views.impact, name="impact"),
    path("ranking/", views.ranking, name="ranking"),
    path("terms/", views.terms, name="terms"),
    path("privacy/", views.privacy, name="privacy"),
    path("robots.txt", views.robots, name="robots"),
    path("sitemap.xml", sitemap, {"sitemaps": SITEMAPS}, name="sitemap"),
]
