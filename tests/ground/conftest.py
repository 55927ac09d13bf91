"""Stripe's stand-in, for whoever asks for the `bank`."""

from tests.ground.stripe_steps import bank  # noqa: F401
