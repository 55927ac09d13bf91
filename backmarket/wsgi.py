"""The web process: read whole at its start, so that the collector of garbage has only requests to look through."""

import gc
import os
import threading

from django.core.wsgi import get_wsgi_application
from django.urls import reverse
from django.utils.translation import trans_real

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backmarket.settings")

# One thread answers a request from its start to its end, so that the language can stand where a thread looks first.
# Django's own place also serves event loops; a page asks for its language a hundred times.
trans_real._active = threading.local()  # type: ignore[attr-defined]  # a name of Django's own
application = get_wsgi_application()
# The addresses, and with them every view. What is there now stays for as long as the process: a full collection, which
# comes in the middle of somebody's page, took as long as the page itself while it went through all of that.
reverse("home")
gc.collect()
gc.freeze()
