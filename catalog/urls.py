from django.contrib.sitemaps.views import sitemap
from django.urls import URLPattern, URLResolver, include, path

from catalog.sitemaps import SITEMAPS
from catalog.views import lists, pages, products

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("catalog.aids_urls")),
    path("c/<slug:slug>/", lists.category, name="category"),
    path("p/<slug:slug>/", products.product, name="product"),
    path("search/", lists.search, name="search"),
    path("search/suggest/", lists.suggest, name="suggest"),
    path("impact/", pages.impact, name="impact"),
    path("ranking/", pages.ranking, name="ranking"),
    path("terms/", pages.terms, name="terms"),
    path("privacy/", pages.privacy, name="privacy"),
    path("robots.txt", pages.robots, name="robots"),
    path("sitemap.xml", sitemap, {"sitemaps": SITEMAPS}, name="sitemap"),
]
