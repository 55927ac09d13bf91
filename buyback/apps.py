from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BuybackConfig(AppConfig):
    name = "buyback"
    verbose_name = _("Selling a device")
