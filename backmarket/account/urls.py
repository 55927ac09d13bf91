from django.urls import path

from backmarket.account import views

urlpatterns = [
    path("account/", views.home, name="account"),
    path("accounts/login/code/", views.CodeView.as_view(), name="account_request_login_code"),
    path("accounts/login/code/confirm/", views.CodeTypedView.as_view(), name="account_confirm_login_code"),
    path("account/profile/", views.profile, name="account-profile"),
    path("account/addresses/", views.addresses, name="account-addresses"),
    path("account/addresses/<int:pk>/remove/", views.address_remove, name="account-address-remove"),
    path("account/data.json", views.download, name="account-data"),
    path("account/close/", views.close, name="account-close"),
]
