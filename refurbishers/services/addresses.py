"""Where a plant's parcels come from and go to."""

from backmarket.accounts.models import Address
from refurbishers.models import Refurbisher


def plant_address(plant: Refurbisher) -> Address:
    """The plant's place as a postal address; the same row as long as the plant has not moved."""
    fields = {
        "name": plant.name,
        "line1": plant.line1,
        "line2": "",
        "postcode": plant.postcode,
        "city": plant.city,
        "country": plant.country,
        "phone": plant.phone,
    }
    return Address.objects.filter(user=None, **fields).first() or Address.objects.create(**fields)
