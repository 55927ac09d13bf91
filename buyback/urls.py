from django.urls import path

from buyback.views import accept, papers, questions, quotes, tax, trades

urlpatterns = [
    path("sell/", quotes.sell, name="sell"),
    path("sell/c/<slug:slug>/", quotes.sell_category, name="sell-category"),
    path("sell/p/<slug:slug>/", quotes.sell_product, name="sell-product"),
    path("sell/p/<slug:slug>/credit/", quotes.trade_credit, name="trade-credit"),
    path("sell/d/<str:sku>/", questions.sell_questions, name="sell-questions"),
    path("sell/d/<str:sku>/<slug:code>/", questions.sell_question, name="sell-question"),
    path("sell/quotes/<uuid:pk>/", quotes.quote, name="quote"),
    path("sell/quotes/<uuid:pk>/renew/", quotes.quote_renew, name="quote-renew"),
    path("sell/quotes/<uuid:pk>/send/", quotes.quote_send, name="quote-send"),
    path("sell/quotes/<uuid:pk>/accept/", accept.quote_accept, name="quote-accept"),
    path("sell/quotes/<uuid:pk>/times/", accept.quote_times, name="quote-times"),
    path("sell/quotes/<uuid:pk>/review/", accept.quote_review, name="quote-review"),
    path("sell/conditions/", accept.sale_conditions, name="sale-conditions"),
    path("sell/conditions/<slug:version>/", accept.sale_conditions, name="sale-conditions-version"),
    path("account/tax-number/", tax.tax_number, name="tax-number"),
    path("account/trades/", trades.trades, name="trades"),
    path("account/trades/<uuid:pk>/", trades.trade, name="trade"),
    path("account/trades/<uuid:pk>/label.pdf", papers.trade_label, name="trade-label"),
    path("account/trades/<uuid:pk>/slip.pdf", papers.trade_slip, name="trade-slip"),
    path("account/trades/<uuid:pk>/erasure.pdf", papers.trade_certificate, name="trade-certificate"),
    path("account/trades/<uuid:pk>/photos/<uuid:photo>/", papers.trade_photo, name="trade-photo"),
    path("account/trades/<uuid:pk>/messages/<uuid:photo>/", papers.trade_message_photo, name="trade-message-photo"),
    path("account/trades/<uuid:pk>/pickup/", trades.trade_rebook, name="trade-rebook"),
    path("account/trades/<uuid:pk>/cancel/", trades.trade_cancel, name="trade-cancel"),
    path("account/trades/<uuid:pk>/pickup/cancel/", trades.trade_pickup_cancel, name="trade-pickup-cancel"),
    path("account/trades/<uuid:pk>/answer/", trades.trade_answer, name="trade-answer"),
    path("account/trades/<uuid:pk>/message/", trades.trade_message, name="trade-message"),
    path("account/trades/<uuid:pk>/iban/", trades.trade_iban, name="trade-iban"),
]
