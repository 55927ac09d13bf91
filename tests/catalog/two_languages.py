"""The same pages with an address per language, as they will be once there are two."""

from django.conf.urls.i18n import i18n_patterns

from backmarket.urls import urlpatterns as pages

urlpatterns = i18n_patterns(*pages, prefix_default_language=False)
