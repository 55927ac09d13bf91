"""What happens at the moment of logging in, whatever way: password, code or second factor."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from backmarket.accounts.models import User
from orders.views.cart import bring_cart


class AccountAdapter(DefaultAccountAdapter):
    def login(self, request: HttpRequest, user: User) -> None:
        super().login(request, user)
        bring_cart(request)
