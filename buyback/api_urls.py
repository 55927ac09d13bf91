from django.urls import path

from buyback.api import QuoteEndpoint, QuotesEndpoint, TradeEndpoint, TradesEndpoint
from buyback.api_plant import DiagnosticsEndpoint

urlpatterns = [
    path("quotes/", QuotesEndpoint.as_view(), name="api-quotes"),
    path("quotes/<uuid:pk>/", QuoteEndpoint.as_view(), name="api-quote"),
    path("trades/", TradesEndpoint.as_view(), name="api-trades"),
    path("trades/<uuid:pk>/", TradeEndpoint.as_view(), name="api-trade"),
    path("plant/trades/<uuid:pk>/diagnostics/", DiagnosticsEndpoint.as_view(), name="api-plant-diagnostics"),
]
