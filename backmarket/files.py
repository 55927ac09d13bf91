"""Where files lie: those that come with the code, and those that are uploaded."""

from functools import cache
from typing import Any

from django.conf import settings
from django.core.files.storage import FileSystemStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(CompressedManifestStaticFilesStorage):
    """Names do not change while a process runs: each address is put together once, and not nine times a page."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.url = cache(super().url)


def private_files() -> FileSystemStorage:
    """Files that only views with an access check hand out: below PRIVATE_ROOT, which no web server serves."""
    return FileSystemStorage(location=settings.PRIVATE_ROOT, base_url="")
