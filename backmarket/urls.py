"""Every door. Each app keeps its own list; the two admin sites and the pages made of several apps hang here."""

from django.conf import settings
from django.conf.urls.static import static
from django.urls import include, path

from backmarket import design_page, health, pages
from backmarket.sites import plant_site, staff_site

SANDBOX = [
    path("mailbox/", include("backmarket.notifications.urls")),
    path("sandbox/", include("backmarket.sandbox_urls")),
    path("design/", design_page.page, name="design"),
]
# Each is tried in turn: what is asked for most comes first, and a word of its own is told sooner than a list of ours.
urlpatterns = [
    path("", pages.home, name="home"),
    path("", include("catalog.urls")),
    path("", include("orders.urls")),
    *(SANDBOX if settings.ALLOW_SANDBOX else []),
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    # Before django-allauth's: some of its pages are ours.
    path("", include("backmarket.account.urls")),
    path("accounts/", include("allauth.urls")),
    path("api/", include("backmarket.api.urls")),
    path("webhooks/", include("backmarket.webhook_urls")),
    path("desk/", staff_site.urls),
    path("plant/", plant_site.urls),
    *([path("bench/constant/", pages.constant)] if settings.BENCH else []),
    path("", include("buyback.urls")),
    path("", include("reviews.urls")),
    path("", include("refurbishers.urls")),
]

if settings.DEBUG or settings.DEMO:
    urlpatterns += static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT)
