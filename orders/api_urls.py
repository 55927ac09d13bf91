from django.urls import path

from orders.api import (
    ConsignmentsEndpoint,
    OrderEndpoint,
    OrdersEndpoint,
    PaperEndpoint,
    PapersEndpoint,
    ShipmentEndpoint,
)

urlpatterns = [
    path("orders/", OrdersEndpoint.as_view(), name="api-orders"),
    path("orders/<uuid:pk>/", OrderEndpoint.as_view(), name="api-order"),
    path("orders/<uuid:pk>/papers/", PapersEndpoint.as_view(), name="api-order-papers"),
    path("papers/<uuid:pk>.pdf", PaperEndpoint.as_view(), name="api-paper"),
    path("plant/parcels/", ConsignmentsEndpoint.as_view(), name="api-plant-parcels"),
    path("plant/parcels/<uuid:pk>/ship/", ShipmentEndpoint.as_view(), name="api-plant-ship"),
]
