from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RefurbishersConfig(AppConfig):
    name = "refurbishers"
    verbose_name = _("Plants")
