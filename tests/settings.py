"""The settings of every test: the project's own, in an environment that no developer's variables can bend.

Local data goes to `var/test`; each parallel worker has a Redis database of its own, as pytest-django gives it a
PostgreSQL database of its own.
"""

import os

from backmarket import embedded

for name in ("DEBUG", "DEMO", "ALLOW_SANDBOX", "SITE_URL", "SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "LOG_LEVEL"):
    os.environ.pop(name, None)
os.environ["TESTING"] = "1"
if embedded.var_dir().name != "test":
    os.environ["BACKMARKET_VAR"] = str(embedded.var_dir() / "test")


if worker := os.environ.get("PYTEST_XDIST_WORKER", ""):
    os.environ["REDIS_URL"] = embedded.redis_database(embedded.redis_url(), int(worker.removeprefix("gw")) + 1)

from backmarket.settings import *  # noqa: E402, F403

# Static files come straight from their sources: nothing is collected for a test.
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = True
