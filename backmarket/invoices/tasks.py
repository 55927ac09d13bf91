from uuid import UUID

from celery import shared_task

from backmarket import timetravel
from backmarket.invoices import services


@shared_task
def archive_paper(invoice_id: str) -> None:
    """What fails here is drawn by the job `archive_papers`, or when somebody asks for it."""
    services.archive_paper(UUID(invoice_id), at=timetravel.now())
