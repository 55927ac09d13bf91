"""What a visitor means to buy."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from catalog.models import Listing


class Cart(models.Model):
    """What a visitor means to buy. A guest's cart is found by its id in the session, a person's by the user."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="cart"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return str(self.pk)


class CartItem(models.Model):
    """Some devices of one listing. `seen_minor` is the price the visitor last saw, so that a change is told."""

    cart = models.ForeignKey(Cart, on_delete=models.CASCADE, related_name="items")
    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="+")
    quantity = models.PositiveSmallIntegerField(default=1)
    seen_minor = models.PositiveIntegerField()
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["added_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["cart", "listing"], name="cart_listing_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1, quantity__lte=10), name="cart_quantity_1_to_10"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.listing}"
