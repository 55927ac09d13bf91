from django.urls import URLPattern, URLResolver, path

from backmarket import sandbox_views as views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.sandbox, name="sandbox"),
    path("travel/", views.travel, name="sandbox-travel"),
    path("courier/", views.advance_courier, name="sandbox-courier"),
    path("pay/<slug:pk>/", views.pay, name="sandbox-pay"),
    path("connect/<slug:pk>/", views.connect, name="sandbox-connect"),
]
