"""The devices of a cart and of an order as pages print them: what others have written is text, never markup."""

from collections.abc import Callable
from datetime import datetime
from html import escape

import pytest
from django.test import Client
from django.urls import reverse

from backmarket.accounts.models import Address, User
from catalog.models import Listing
from orders.models import CartItem, Order, OrderLine
from tests.factories import ListingFactory
from tests.orders.test_views import fill

pytestmark = pytest.mark.django_db
SCRIPT, SHOWN = "<script>alert('hi')</script>", "&lt;script&gt;alert(&#x27;hi&#x27;)&lt;/script&gt;"


@pytest.fixture
def strange() -> Listing:
    """Everything that somebody else has named is a script."""
    return ListingFactory(
        plant__name=f"{SCRIPT} plant",
        variant__product__name=f"{SCRIPT} product",
        variant__label=f"{SCRIPT} label",
        variant__sku='"><script>',
        price_minor=30000,
    )


@pytest.mark.parametrize(("door", "named"), [("cart", 2), ("checkout", 1)])
def test_names_are_text(client: Client, strange: Listing, door: str, named: int) -> None:
    fill(client, strange)
    page = client.get(reverse(door)).content.decode()
    assert "<script>" not in page
    for name in ("product", "label"):
        # On its own, and in a cart's form, whose fields say which device they are of.
        assert page.count(f"{SHOWN} {name}") >= named
    assert f"From {SHOWN} plant" in page


def test_a_link_carries_the_device_and_its_grade(client: Client, strange: Listing) -> None:
    fill(client, strange)
    address = (
        f"{reverse('product', args=[strange.variant.product.slug])}?variant=&quot;&gt;&lt;script&gt;&amp;grade=good"
    )
    assert f'<p class="strong"><a href="{address}">' in client.get(reverse("cart")).content.decode()


def test_what_is_typed_wrong_stands_as_text_in_the_row_that_it_is_of_and_in_no_other(
    client: Client, listing: Listing, other_listing: Listing
) -> None:
    fill(client, listing)
    fill(client, other_listing)
    item, other = CartItem.objects.get(listing=listing), CartItem.objects.get(listing=other_listing)
    answer = client.post(reverse("cart-change", args=[item.pk]), {"quantity": SCRIPT})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'id="quantity-{item.pk}" type="number" name="quantity" value="{SHOWN}"' in page
    assert f'id="quantity-{other.pk}" type="number" name="quantity" value="1"' in page
    assert page.count('aria-invalid="true"') == page.count('class="field__error"') == 1
    assert f'<p class="field__error" id="quantity-{item.pk}_error">Enter a whole number.</p>' in page


def test_a_row_says_what_is_short_and_what_has_gone(
    client: Client, listing: Listing, other_listing: Listing, now: datetime
) -> None:
    fill(client, listing, 3)
    fill(client, other_listing)
    Listing.objects.filter(pk=listing.pk).update(on_hand=2)
    Listing.objects.filter(pk=other_listing.pk).update(on_hand=0)
    page = client.get(reverse("cart")).content.decode()
    assert page.count("Only 2 left: lower the quantity.") == 1
    assert page.count("This offer has gone and is not counted. Other plants may have the device.") == 1
    gone = CartItem.objects.get(listing=other_listing)
    # It can be removed, and nothing else.
    assert f"quantity-{gone.pk}" not in page
    assert f'action="{reverse("cart-change", args=[gone.pk])}"' in page
    assert page.count('name="remove"') == 2
    assert '<span class="small is-bad">Gone</span>' in client.get(reverse("checkout")).content.decode()


def test_a_cart_shows_its_own_quantities(client: Client, listing: Listing) -> None:
    """Words are put together once for everybody; what a visitor has chosen is not among them."""
    fill(client, listing, 2)
    other = Client()
    fill(other, listing, 3)
    two, three = CartItem.objects.order_by("quantity")
    for visitor, mine, theirs in ((client, two, three), (other, three, two), (client, two, three)):
        page = visitor.get(reverse("cart")).content.decode()
        assert f'id="quantity-{mine.pk}" type="number" name="quantity" value="{mine.quantity}"' in page
        assert f"quantity-{theirs.pk}" not in page
        assert f"{mine.quantity} × " in visitor.get(reverse("checkout")).content.decode()


@pytest.mark.usefixtures("no_rules")
def test_names_are_text_in_an_order(
    client_of: Callable[[User], Client],
    alice: User,
    strange: Listing,
    place: Callable[..., Order],
    pay: Callable[..., Order],
    deliver: Callable[..., None],
) -> None:
    order = pay(place((strange, 1)))
    Address.objects.filter(pk=order.address_id).update(city=SCRIPT)
    alice_s, url = client_of(alice), reverse("order", args=[order.pk])
    title = escape(OrderLine.objects.get(order=order).title)
    before = alice_s.get(url).content.decode()
    deliver(order)
    line = OrderLine.objects.get(order=order)
    OrderLine.objects.filter(pk=line.pk).update(cancel_reason=SCRIPT)
    after = alice_s.get(url).content.decode()
    for page in (before, after):
        assert "<script>" not in page
        assert f"Parcel from {SHOWN} plant" in page
        assert f"<h3>{title}</h3>" in page
        assert f"{SHOWN}<br>" in page
        assert f"Given by {SHOWN} plant on top of the law" in page
    assert f'<span class="visually-hidden">: {title}</span>' in before
    assert f'<a href="{reverse("line-device", args=[line.pk])}">Device passport</a>' in after
    assert line.identifier in after


@pytest.mark.usefixtures("no_rules")
def test_a_parcel_says_what_sending_it_costs_in_each_order_anew(
    client_of: Callable[[User], Client], alice: User, listing: Listing, place: Callable[..., Order]
) -> None:
    """Said once for each plant and amount, not once for each plant."""
    alice_s, orders = client_of(alice), []
    for shipping in (490, 0, 590):
        Listing.objects.filter(pk=listing.pk).update(shipping_minor=shipping)
        orders.append(place((listing, 1)))
    for order, said in zip(orders, ("Shipping €4.90 · ", "Shipping free · ", "Shipping €5.90 · "), strict=True):
        page = alice_s.get(reverse("order", args=[order.pk])).content.decode()
        assert f'<p class="muted small">{said}<a href="{reverse("plant", args=[listing.plant.slug])}">' in page
