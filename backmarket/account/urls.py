from allauth.account import views as allauth_views
from django.urls import path, re_path

from backmarket.account import credit_views, views
from backmarket.accounts.proof import fresh_code_required

urlpatterns = [
    path("account/", views.home, name="account"),
    path("accounts/login/code/", views.CodeView.as_view(), name="account_request_login_code"),
    path("accounts/login/code/confirm/", views.CodeTypedView.as_view(), name="account_confirm_login_code"),
    re_path(r"^accounts/confirm-email/(?P<key>[-:\w]+)/$", views.LinkView.as_view(), name="account_confirm_email"),
    # Either would be a way around the code: a password of one's own, or another mailbox.
    path("accounts/password/set/", fresh_code_required(allauth_views.password_set), name="account_set_password"),
    path("accounts/email/", fresh_code_required(allauth_views.email, only_post=True), name="account_email"),
    path("account/profile/", views.profile, name="account-profile"),
    path("account/addresses/", views.addresses, name="account-addresses"),
    path("account/addresses/<int:pk>/remove/", views.address_remove, name="account-address-remove"),
    path("account/credit/", credit_views.credit, name="account-credit"),
    path("account/credit/payout/", credit_views.pay_out, name="account-credit-payout"),
    path("account/credit/payout/<uuid:pk>/stop/", credit_views.stop_payout, name="account-credit-stop"),
    path("account/data.json", views.download, name="account-data"),
    path("account/close/", views.close, name="account-close"),
]
