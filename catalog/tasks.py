"""What the catalogue does apart from requests."""

from uuid import UUID

from celery import shared_task

from backmarket import timetravel
from catalog.services.listing_changes import run_listing_change
from catalog.services.ranges import finish_range


@shared_task
def apply_listing_change(pk: str) -> None:
    """Apply a change of many listings; the beat's job goes on with what this one leaves."""
    run_listing_change(UUID(pk), at=timetravel.now())


@shared_task
def refresh_range(pk: int) -> None:
    """Recompute what is left of a plant's or category's buyables; the beat's job goes on with what this one leaves."""
    finish_range(pk)
