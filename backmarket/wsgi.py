"""The web process: read whole at its start, so that the collector of garbage has only requests to look through."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import reverse

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backmarket.settings")

application = get_wsgi_application()
# The addresses, and with them every view. What is there now stays for as long as the process: a full collection, which
# comes in the middle of somebody's page, took as long as the page itself while it went through all of that.
reverse("home")
gc.collect()
gc.freeze()
