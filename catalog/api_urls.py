from django.urls import path

from catalog.api import BuyablesEndpoint, PlantListingEndpoint, PlantListingsEndpoint, ProductEndpoint

urlpatterns = [
    path("buyables/", BuyablesEndpoint.as_view(), name="api-buyables"),
    path("products/<slug:slug>/", ProductEndpoint.as_view(), name="api-product"),
    path("plant/listings/", PlantListingsEndpoint.as_view(), name="api-plant-listings"),
    path("plant/listings/<uuid:pk>/", PlantListingEndpoint.as_view(), name="api-plant-listing"),
]
