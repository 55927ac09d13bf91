from django.urls import URLPattern, URLResolver, include, path

from catalog.views import lists, pages, products, share, sitemaps

urlpatterns: list[URLPattern | URLResolver] = [
    path("c/<slug:slug>/", lists.category, name="category"),
    path("p/<slug:slug>/", products.product, name="product"),
    path("p/<slug:slug>/similar/", products.similar, name="similar"),
    path("search/", lists.search, name="search"),
    path("search/suggest/", lists.suggest, name="suggest"),
    path("share/<slug:kind>/<str:key>/<slug:version>.png", share.share_card, name="share-card"),
    path("impact/", pages.impact, name="impact"),
    path("ranking/", pages.ranking, name="ranking"),
    path("terms/", pages.terms, name="terms"),
    path("privacy/", pages.privacy, name="privacy"),
    path("robots.txt", sitemaps.robots, name="robots"),
    path("sitemap.xml", sitemaps.sitemap_index, name="sitemap"),
    path("sitemap-<slug:section>.xml", sitemaps.sitemap_section, name="sitemap-part"),
    path("", include("catalog.aids_urls")),
]
