"""Every door. Each app keeps its own list; the two admin sites and the pages made of several apps hang here."""

from django.conf import settings
from django.conf.urls.static import static
from django.urls import include, path

from backmarket import design_page, health, pages
from backmarket.sites import plant_site, staff_site

# Each is tried in turn: what is asked for most comes first.
urlpatterns = [
    path("", pages.home, name="home"),
    path("", include("catalog.urls")),
    path("", include("orders.urls")),
    path("", include("buyback.urls")),
    path("", include("reviews.urls")),
    path("", include("refurbishers.urls")),
    path("", include("backmarket.account.urls")),
    path("accounts/", include("allauth.urls")),
    path("api/", include("backmarket.api.urls")),
    path("webhooks/", include("backmarket.webhook_urls")),
    path("desk/", staff_site.urls),
    path("plant/", plant_site.urls),
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
]

if settings.BENCH:
    urlpatterns.append(path("bench/constant/", pages.constant))
if settings.ALLOW_SANDBOX:
    urlpatterns += [
        path("mailbox/", include("backmarket.notifications.urls")),
        path("sandbox/", include("backmarket.sandbox_urls")),
        path("design/", design_page.page, name="design"),
    ]
if settings.DEBUG or settings.DEMO:
    urlpatterns += static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT)
