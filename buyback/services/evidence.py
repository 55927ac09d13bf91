"""Photos of a device on the bench: some become the proof of a counter-offer."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.core.files.base import ContentFile, File
from django.utils.translation import gettext_lazy as _

from backmarket.errors import DomainError
from buyback.models import EvidencePhoto, Trade
from buyback.photos import clean_photo

MAX_SHEET_PHOTOS = 20


class TooManyPhotos(DomainError):
    code = "too_many_photos"
    default_message = _("A sheet holds at most 20 photos.")


def cleaned(photos: Sequence[File]) -> list[ContentFile]:
    """Re-encoded before any transaction: that takes a while. Raises InvalidPhoto on `photos`."""
    return [clean_photo(photo) for photo in photos]


def keep_photos(trade: Trade, images: Sequence[ContentFile], *, at: datetime, proof: bool = False) -> None:
    """The files as evidence of the trade. Raises TooManyPhotos on `photos`. Needs a transaction."""
    if not proof and images and trade.photos.count() + len(images) > MAX_SHEET_PHOTOS:
        raise TooManyPhotos(field="photos")
    for image in images:
        EvidencePhoto.objects.create(trade=trade, image=image, proof=proof, created_at=at)


def use_as_proof(trade: Trade, kept: Collection[UUID]) -> int:
    """The seller may see these photos of the sheet from now on; returns how many of them the trade has."""
    return EvidencePhoto.objects.filter(trade=trade, pk__in=kept).update(proof=True)
