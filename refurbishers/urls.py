from django.urls import path

from refurbishers import views

urlpatterns = [
    path("plants/", views.plants, name="plants"),
    path("plants/join/<str:token>/", views.join, name="plant-join"),
    path("plants/<slug:slug>/", views.plant, name="plant"),
]
