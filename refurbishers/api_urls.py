from django.urls import path

from refurbishers.api import PlantEndpoint, PlantsEndpoint

urlpatterns = [
    path("plants/", PlantsEndpoint.as_view(), name="api-plants"),
    path("plants/<slug:slug>/", PlantEndpoint.as_view(), name="api-plant"),
]
