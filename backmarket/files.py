"""Where uploaded files lie."""

from django.conf import settings
from django.core.files.storage import FileSystemStorage


def private_files() -> FileSystemStorage:
    """Files that only views with an access check hand out: below PRIVATE_ROOT, which no web server serves."""
    return FileSystemStorage(location=settings.PRIVATE_ROOT, base_url="")
