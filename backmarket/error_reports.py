"""What an error report may hold of the request and the program: names, never values."""

from types import FrameType
from typing import Any

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter


class SealedReports(SafeExceptionReporterFilter):
    """Outside of DEBUG every posted value and every variable is struck out: an account number can be in any of them."""

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        if request is None:
            return {}
        if not self.is_active(request):
            return request.POST
        return dict.fromkeys(request.POST, self.cleansed_substitute)

    def get_traceback_frame_variables(self, request: HttpRequest | None, tb_frame: FrameType) -> Any:
        if not self.is_active(request):
            return tb_frame.f_locals.items()
        return [(name, self.cleansed_substitute) for name in tb_frame.f_locals]
