from django.urls import path

from buyback.api import QuoteEndpoint, QuotesEndpoint, TradeEndpoint, TradesEndpoint

urlpatterns = [
    path("quotes/", QuotesEndpoint.as_view(), name="api-quotes"),
    path("quotes/<uuid:pk>/", QuoteEndpoint.as_view(), name="api-quote"),
    path("trades/", TradesEndpoint.as_view(), name="api-trades"),
    path("trades/<uuid:pk>/", TradeEndpoint.as_view(), name="api-trade"),
]
