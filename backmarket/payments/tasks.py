from uuid import UUID

from celery import shared_task

from backmarket import timetravel
from backmarket.errors import GatewayError
from backmarket.payments import services
from backmarket.payments.gateways import sandbox, sandbox_disputes
from backmarket.payments.models import Payment
from backmarket.payments.services import reversals


@shared_task(autoretry_for=(GatewayError,), retry_backoff=5, max_retries=8)
def settle_payment(payment_id: str) -> None:
    """What fails for longer is tried again by the job `settle_payments`."""
    services.settle_payment(UUID(payment_id), at=timetravel.now())


@shared_task(autoretry_for=(GatewayError,), retry_backoff=5, max_retries=8)
def record_provider_refunds(payment_id: str) -> None:
    services.record_provider_refunds(Payment.objects.get(pk=payment_id), at=timetravel.now())


@shared_task
def send_refund(refund_id: str) -> None:
    """What stays pending is tried again by the job `send_refunds`."""
    try:
        services.send_refund(UUID(refund_id), at=timetravel.now())
    except GatewayError as error:
        if not error.retry:
            raise


@shared_task(autoretry_for=(OSError,), retry_backoff=2, max_retries=5)
def deliver_sandbox_webhook(intent_id: str) -> None:
    sandbox.deliver_webhook(intent_id)


@shared_task
def finish_sandbox_payment(intent_id: str) -> None:
    sandbox.finish(intent_id)


@shared_task
def dispute_sandbox_payment(intent_id: str) -> None:
    sandbox_disputes.open_dispute(intent_id, at=timetravel.now())


@shared_task
def submit_answer(dispute_id: str) -> None:
    """What is not handed in is tried again by the job `follow_disputes`."""
    try:
        services.submit_answer(UUID(dispute_id), at=timetravel.now())
    except GatewayError as error:
        if not error.retry:
            raise


@shared_task
def send_reversal(reversal_id: str) -> None:
    """What stays pending is tried again by the job `send_reversals`."""
    try:
        reversals.send_reversal(UUID(reversal_id), at=timetravel.now())
    except GatewayError as error:
        if not error.retry:
            raise
