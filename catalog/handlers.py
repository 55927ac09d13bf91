"""What the catalogue does when a plant's standing changes, and whom it tells."""

from uuid import UUID

from django.conf import settings

from backmarket.events.models import Event
from backmarket.notifications.services import send
from backmarket.timetravel import now
from catalog.models import Buyable, Listing
from catalog.services.alerts import fire_alerts
from catalog.services.ranges import refresh_plant_range
from catalog.words import BLOCK_REASONS


def refresh_plant_offers(event: Event) -> None:
    """A plant was renamed, rated, measured or moved on the ladder: its offers rank anew, say so, or leave."""
    refresh_plant_range(UUID(event.subject_id))


def email_plant_of_block(event: Event) -> None:
    """What the house took off, and why."""
    listing = Listing.objects.select_related("plant", "variant__product").get(pk=event.subject_id)
    reason = event.data["reason"]
    send(
        "listing_blocked",
        to=listing.plant.email,
        context={
            "plant": listing.plant,
            "listing": listing,
            "reason": BLOCK_REASONS.get(reason, reason),
            "url": f"{settings.SITE_URL}/plant/catalog/listing/{listing.pk}/change/",
        },
        key=f"listing-blocked:{event.pk}",
        language=settings.LANGUAGE_CODE,
        at=event.happened_at,
    )


def email_who_waited(event: Event) -> None:
    """An offer came up to what somebody waits for; what it is by now decides who is told."""
    buyable = Buyable.objects.defer("search", "search_text").get(pk=event.subject_id)
    fire_alerts(buyable, event=event.pk, at=now())
