"""Refusals: every "cannot" of the business is a DomainError with a sentence fit for people."""

from django.utils.functional import Promise


class DomainError(Exception):
    """Something that must not be done now. `message` is shown to the person; `code` is stable, for programs.

    `field` names the form field that the refusal is about, when there is one; `also` are the others of the same form.
    """

    code = "refused"
    default_message: str | Promise = ""
    also: tuple["DomainError", ...] = ()

    def __init__(self, message: str | Promise = "", *, field: str | None = None) -> None:
        self.message = message or self.default_message
        self.field = field
        super().__init__(message or self.default_message)

    def __str__(self) -> str:
        return str(self.message)


class GatewayError(Exception):
    """A payment provider, courier or registry did not do what was asked; `retry` says whether trying again may help."""

    def __init__(self, message: str, *, retry: bool = False) -> None:
        self.retry = retry
        super().__init__(message)
