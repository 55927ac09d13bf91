from uuid import UUID

from celery import shared_task

from backmarket import timetravel
from backmarket.errors import GatewayError
from backmarket.shipping import services
from backmarket.shipping.models import Parcel, Pickup

# What fails in any of these, or meets another worker at it, is tried again by the job `book_couriers`.


@shared_task
def book_with_courier(parcel_id: str) -> None:
    try:
        services.book_with_courier(UUID(parcel_id), at=timetravel.now())
    except GatewayError as error:
        if not error.retry:
            raise


@shared_task(autoretry_for=(GatewayError,), retry_backoff=5, max_retries=8)
def cancel_pickup_with_courier(pickup_id: str) -> None:
    pickup = Pickup.objects.select_related("parcel").get(pk=pickup_id)
    services.call_off_with_courier(pickup, at=timetravel.now())


@shared_task(autoretry_for=(GatewayError,), retry_backoff=5, max_retries=8)
def cancel_with_courier(parcel_id: str) -> None:
    services.call_off_with_courier(Parcel.objects.get(pk=parcel_id), at=timetravel.now())
