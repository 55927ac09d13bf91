"""What the catalogue does apart from requests."""

from uuid import UUID

from celery import shared_task

from backmarket import timetravel
from catalog.services.listing_changes import run_listing_change


@shared_task
def apply_listing_change(pk: str) -> None:
    """Apply a change of many listings; the beat's job goes on with what this one leaves."""
    run_listing_change(UUID(pk), at=timetravel.now())
