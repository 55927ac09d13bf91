from django.urls import path

from orders.views import cart, changes, checkout, claims, guests, orders

urlpatterns = [
    path("cart/", cart.show_cart, name="cart"),
    path("cart/add/", cart.add, name="cart-add"),
    path("cart/items/<int:pk>/", cart.change, name="cart-change"),
    path("checkout/", checkout.checkout, name="checkout"),
    path("checkout/<uuid:pk>/pay/", checkout.pay, name="checkout-pay"),
    path("checkout/<uuid:pk>/return/", checkout.come_back, name="checkout-return"),
    path("orders/find/", guests.find_order, name="guest-order"),
    path("orders/find/<str:token>/", guests.open_order, name="guest-order-open"),
    path("account/orders/", orders.list_orders, name="orders"),
    path("account/orders/<uuid:pk>/", orders.show_order, name="order"),
    path("account/papers/<uuid:pk>.pdf", orders.show_paper, name="paper"),
    path("account/orders/<uuid:pk>/cancel/", changes.cancel_order, name="order-cancel"),
    path("account/parcels/<uuid:pk>/cancel/", changes.cancel_parcel, name="parcel-cancel"),
    path("account/parcels/<uuid:pk>/address/", changes.change_address, name="parcel-address"),
    path("account/lines/<uuid:pk>/cancel/", changes.cancel, name="line-cancel"),
    path("account/lines/<uuid:pk>/device/", orders.show_device, name="line-device"),
    path("account/lines/<uuid:pk>/withdraw/", orders.withdraw, name="line-withdraw"),
    path("account/lines/<uuid:pk>/withdraw/confirm/", orders.withdraw_confirm, name="line-withdraw-confirm"),
    path("account/withdrawals/<uuid:pk>/", orders.show_withdrawal, name="withdrawal"),
    path("account/withdrawals/<uuid:pk>/label.pdf", orders.withdrawal_label, name="withdrawal-label"),
    path("account/lines/<uuid:pk>/claim/", claims.open_case, name="claim-open"),
    path("account/claims/<uuid:pk>/", claims.show_claim, name="claim"),
    path("account/claims/<uuid:pk>/message/", claims.write, name="claim-message"),
    path("account/claims/<uuid:pk>/withdraw/", claims.withdraw, name="claim-withdraw"),
    path("account/claims/<uuid:pk>/solved/", claims.accept, name="claim-solved"),
    path("account/claims/<uuid:pk>/label.pdf", claims.claim_label, name="claim-label"),
]
