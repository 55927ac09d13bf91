"""What the catalogue does when a plant's standing changes."""

from uuid import UUID

from backmarket.events.models import Event
from catalog.models import Listing
from catalog.services.buyables import refresh_buyables


def refresh_plant_offers(event: Event) -> None:
    """A plant was rated, measured or moved on the ladder: its offers rank anew, or leave."""
    listings = Listing.objects.filter(plant_id=UUID(event.subject_id), status=Listing.Status.ONLINE)
    refresh_buyables(listings.values_list("variant_id", "grade"))
