"""The files of a sale: label, packing slip, certificate of erasure, photos. Each behind its door."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models.fields.files import FieldFile
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from backmarket.errors import DomainError
from backmarket.shipping.selectors import latest_pickup
from backmarket.shipping.services import label_pdf
from buyback import access
from buyback.papers import erasure_certificate, packing_slip
from buyback.selectors import visit_of


@login_required
@require_GET
def trade_label(request: HttpRequest, pk: UUID) -> HttpResponse:
    shown = access.parcel_label_for_seller(request.user, pk)
    try:
        pdf = label_pdf(shown.parcel)
    except DomainError as refusal:
        messages.info(request, str(refusal))
        return redirect("trade", pk)
    return _pdf(pdf, f"{settings.SITE_NAME} {shown}")


@login_required
@require_GET
def trade_slip(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Each device has its own, also when one visit collects several."""
    shown = access.parcel_label_for_seller(request.user, pk)
    together = [trade.pk for trade in visit_of(shown, latest_pickup(shown.parcel))]
    place = together.index(shown.pk) + 1 if shown.pk in together else 1
    return _pdf(packing_slip(shown, place=place, of=len(together)), f"{settings.SITE_NAME} slip {shown}")


@login_required
@require_GET
def trade_certificate(request: HttpRequest, pk: UUID) -> HttpResponse:
    shown = access.certificate_for_seller(request.user, pk)
    return _pdf(erasure_certificate(shown, shown.unit), f"{settings.SITE_NAME} erasure {shown}")


@login_required
@require_GET
def trade_photo(request: HttpRequest, pk: UUID, photo: UUID) -> FileResponse:
    return _picture(access.photo_for_viewer(request.user, pk, photo).image)


@login_required
@require_GET
def trade_message_photo(request: HttpRequest, pk: UUID, photo: UUID) -> FileResponse:
    return _picture(access.message_photo_for_viewer(request.user, pk, photo).image)


def _pdf(content: bytes, name: str) -> HttpResponse:
    return HttpResponse(content, "application/pdf", headers={"Content-Disposition": f'inline; filename="{name}.pdf"'})


def _picture(image: FieldFile) -> FileResponse:
    """No cache but the reader's own keeps it, and that one asks again."""
    return FileResponse(image.open("rb"), content_type="image/jpeg", headers={"Cache-Control": "private, no-cache"})
