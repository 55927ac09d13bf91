from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PaymentsConfig(AppConfig):
    name = "backmarket.payments"
    label = "payments"
    verbose_name = _("Money")

    def ready(self) -> None:
        from backmarket.payments import checks  # noqa: F401 - registers itself
