"""The orders' own steps, for races about orders."""

from tests.ground.stripe_steps import bank  # noqa: F401
from tests.orders.conftest import (  # noqa: F401
    deliver,
    delivered_line,
    listing,
    other_listing,
    pay,
    place,
    settle_refunds,
)
