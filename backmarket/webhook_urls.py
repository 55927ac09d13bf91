from django.urls import URLPattern, URLResolver, path

from backmarket.events import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("<slug:family>/<slug:name>/", views.webhook, name="webhook"),
]
