"""Evidence photos: whatever comes in, a plain JPEG of our own making goes out."""

import io
import struct
import uuid
import zlib

from django.core.files.base import ContentFile, File
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps, UnidentifiedImageError

from backmarket.errors import DomainError

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 50_000_000
MAX_EDGE = 2_000
FORMATS = ("JPEG", "PNG", "WEBP")
QUALITY = 85
BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)
# What Pillow raises for files that only begin like a picture.
BROKEN = (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, IndexError, struct.error, zlib.error)


class InvalidPhoto(DomainError):
    code = "invalid_photo"
    default_message = _("This is not a photo we can read: send JPEG, PNG or WebP of at most 10 MB.")

    def __init__(self, message: Promise | str = "") -> None:
        super().__init__(message, field="photos")


TOO_HEAVY = _("This photo is larger than 10 MB. Send a smaller one.")
TOO_LARGE = _("This picture has more than 50 million pixels. Send a smaller one.")


def clean_photo(photo: File) -> ContentFile:
    """The picture re-encoded as JPEG under a random name: no location, no hidden payload, at most 2,000 pixels an edge.

    Bytes and pixels are capped before anything is decoded. Raises InvalidPhoto.
    """
    if photo.size > MAX_BYTES:
        raise InvalidPhoto(TOO_HEAVY)
    try:
        with Image.open(photo, formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise InvalidPhoto(TOO_LARGE)
            picture = ImageOps.exif_transpose(image).convert("RGB")
    except BOMBS as error:
        raise InvalidPhoto(TOO_LARGE) from error
    except BROKEN as error:
        raise InvalidPhoto from error
    picture.thumbnail((MAX_EDGE, MAX_EDGE))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=QUALITY, exif=b"")
    return ContentFile(out.getvalue(), name=f"{uuid.uuid4().hex}.jpg")
