from django.urls import URLPattern, URLResolver, path

from backmarket.notifications import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.mailbox, name="mailbox"),
    path("<uuid:pk>/", views.message, name="mailbox-message"),
    path("<uuid:pk>/html/", views.message_html, name="mailbox-html"),
]
