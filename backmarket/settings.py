"""Settings: one file, titled blocks, read from the environment, failing loudly.

Every variable is listed in README.md (configuration table); a test compares the two.
"""

import os
from decimal import Decimal, InvalidOperation
from importlib.util import find_spec
from pathlib import Path

import django_stubs_ext
from cryptography.fernet import Fernet
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from holidays import list_supported_countries
from stdnum import iban

from backmarket import embedded, logs

# ModelForm[Address] and the like mean something to the type checker; Django itself does not know them yet.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent


def env(name: str, default: str | None = None) -> str:
    """The variable's text; without a default its absence is an error, named."""
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"Set the environment variable {name}; README.md says what it is for.")
    return value


def env_bool(name: str, *, default: bool = False) -> bool:
    text = os.environ.get(name, "").strip().lower()
    if text in ("", "0", "false", "no", "off"):
        return False if text else default
    if text in ("1", "true", "yes", "on"):
        return True
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not {text!r}.")


def env_int(name: str, default: int) -> int:
    text = os.environ.get(name, "")
    try:
        return int(text) if text else default
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {text!r}.") from error


def env_list(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def env_decimals(name: str, default: str) -> list[Decimal]:
    """Positive numbers with commas between."""
    try:
        numbers = [Decimal(part) for part in env_list(name, default)]
    except InvalidOperation as error:
        raise ImproperlyConfigured(f"{name} must be numbers, not {os.environ.get(name)!r}.") from error
    if not all(number.is_finite() and number > 0 for number in numbers):
        raise ImproperlyConfigured(f"{name} must be more than nothing, not {os.environ.get(name)!r}.")
    return numbers


def is_module(name: str) -> bool:
    """Whether such a module can be imported; it is not, only its parents are."""
    try:
        return bool(name) and find_spec(name) is not None
    except (ImportError, ValueError):
        return False


# --- What runs: debug, demo, sandboxes -------------------------------------------------------------

DEBUG = env_bool("DEBUG")
DEMO = env_bool("DEMO")
TESTING = env_bool("TESTING")
# Sandboxes take no real money and move no real parcel, so production has to ask for them by name.
# Adds the page of constants that `make bench` compares the others with.
BENCH = env_bool("BENCH")
ALLOW_SANDBOX = env_bool("ALLOW_SANDBOX", default=DEBUG or TESTING)

SITE_NAME = env("SITE_NAME", "Back Market")
SITE_URL = env("SITE_URL", "http://127.0.0.1:8000").rstrip("/")
MARKET_COUNTRY = env("MARKET_COUNTRY", "FR")
if MARKET_COUNTRY not in list_supported_countries():
    raise ImproperlyConfigured(
        f"MARKET_COUNTRY must be two capital letters of a country, like FR, not {MARKET_COUNTRY!r}."
    )
DEFAULT_CURRENCY = env("DEFAULT_CURRENCY", "EUR")
SUPPORT_EMAIL = env("SUPPORT_EMAIL", "support@backmarket.example")

# --- Secrets ---------------------------------------------------------------------------------------

_development = DEBUG or TESTING
SECRET_KEY = env("SECRET_KEY", "only-for-development-and-tests-never-for-real-people" if _development else None)
SECRET_KEY_FALLBACKS = env_list("SECRET_KEY_FALLBACKS")
# Fernet keys, newest first; the first encrypts, all decrypt. Kept apart from SECRET_KEY so that either rotates alone.
FIELD_ENCRYPTION_KEYS = env_list(
    "FIELD_ENCRYPTION_KEYS", "b25seS1mb3ItZGV2ZWxvcG1lbnQtYW5kLXRlc3RzISE=" if _development else ""
)
if not FIELD_ENCRYPTION_KEYS:
    raise ImproperlyConfigured(
        "Set FIELD_ENCRYPTION_KEYS: identity numbers and bank accounts are never stored in clear."
    )
for _position, _key in enumerate(FIELD_ENCRYPTION_KEYS, start=1):
    try:
        Fernet(_key)
    except ValueError:
        # Neither the entry nor its cause is shown: it may be a real key with one letter lost.
        raise ImproperlyConfigured(
            f"Entry {_position} of FIELD_ENCRYPTION_KEYS is not a Fernet key: 32 bytes in URL-safe base64."
        ) from None

DEFAULT_EXCEPTION_REPORTER_FILTER = "backmarket.error_reports.SealedReports"

# --- Applications ----------------------------------------------------------------------------------

INSTALLED_APPS = [
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.apps.BasicAppConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.sitemaps",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "phonenumber_field",
    "rest_framework",
    "backmarket",
    "backmarket.accounts",
    "backmarket.events",
    "backmarket.payments",
    "backmarket.invoices",
    "backmarket.shipping",
    "backmarket.notifications",
    "refurbishers",
    "catalog",
    "buyback",
    "orders",
    "reviews",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "backmarket.logs.RequestIdMiddleware",
    "backmarket.kept_answers.KeptAnswers",
    *(["backmarket.timetravel.OneOffset"] if ALLOW_SANDBOX else []),
    "backmarket.policy.ContentSecurityPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "backmarket.language.Language",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "backmarket.addresses.WithoutNul",
    "backmarket.contention.SayBusy",
]

ROOT_URLCONF = "backmarket.urls"
WSGI_APPLICATION = "backmarket.wsgi.application"
ASGI_APPLICATION = "backmarket.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

FORM_RENDERER = "backmarket.widgets.Renderer"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "backmarket.context.site",
            ],
        },
    },
]

# Our `i18n` stands in front of Django's library of that name (backmarket/templatetags/i18n.py).
SILENCED_SYSTEM_CHECKS = ["templates.W003"]

# --- Database, cache, broker -----------------------------------------------------------------------

DATABASE_URL = env("DATABASE_URL", embedded.database_url())
REDIS_URL = env("REDIS_URL", embedded.redis_url())

try:
    _database = embedded.django_database(DATABASE_URL)
except ValueError:
    # Without the value and its cause: a password may be in it.
    raise ImproperlyConfigured("DATABASE_URL must look like postgresql://user:password@host:5432/name.") from None

DATABASES = {
    "default": {
        **_database,
        "ENGINE": "backmarket.postgresql",
        "CONN_MAX_AGE": env_int("CONN_MAX_AGE", 60),
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        "TEST": {"NAME": os.environ.get("TEST_DATABASE_NAME", "test_backmarket")},
    }
}
_timeouts = {
    "statement_timeout": env_int("STATEMENT_TIMEOUT_MS", 30_000),
    "lock_timeout": env_int("LOCK_TIMEOUT_MS", 5_000),
}
DATABASES["default"].setdefault("OPTIONS", {})["options"] = " ".join(
    # Compiling a plan takes longer than any query of ours, and so does planning what is prepared anew for its values.
    ["-c jit=off -c plan_cache_mode=force_generic_plan"]
    + [f"-c {name}={milliseconds}" for name, milliseconds in _timeouts.items()]
)

# Public pages are kept until what they show changes (backmarket.pagecache).
PAGE_CACHE = env_bool("PAGE_CACHE", default=not TESTING)
SESSION_ENGINE = "backmarket.sessions"
CACHES = {"default": {"BACKEND": "backmarket.cache.RedisCache", "LOCATION": REDIS_URL}}

CELERY_BROKER_URL = embedded.broker_url(REDIS_URL)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_DEFAULT_QUEUE = env("CELERY_QUEUE", "backmarket")
CELERY_TIMEZONE = "UTC"

# --- People: accounts, sessions, passwords ---------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "backmarket.accounts.backends.Passwords",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
if TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = reverse_lazy("account")
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "backmarket.account.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
# Whoever has the mailbox has the account: a code by e-mail opens it, or makes it (see CodeView).
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if SITE_URL.startswith("https") else "http"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = SITE_NAME
MFA_ADAPTER = "backmarket.accounts.adapter.MFAAdapter"
# django-allauth slows down whoever guesses, by network address and by account: the address that our own proxy saw.
BEHIND_PROXY = env_bool("BEHIND_PROXY")
ALLAUTH_TRUSTED_PROXY_COUNT = int(BEHIND_PROXY)
if TESTING:
    ACCOUNT_RATE_LIMITS = False

# --- Language, time, money -------------------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
# A language is offered once its catalogue is whole: half a page in another language helps nobody.
LANGUAGES = [("en-gb", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "backmarket.formats"
USE_I18N = True
USE_TZ = True
TIME_ZONE = env("MARKET_TIME_ZONE", "Europe/Paris")
PHONENUMBER_DEFAULT_REGION = MARKET_COUNTRY

# --- Files -----------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = Path(env("STATIC_ROOT", str(BASE_DIR / "staticfiles")))
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = "/media/"
MEDIA_ROOT = Path(env("MEDIA_ROOT", str(embedded.var_dir() / "media")))
# Photos of people's devices and the like: behind views with an access check, never behind the proxy.
PRIVATE_ROOT = Path(env("PRIVATE_ROOT", str(embedded.var_dir() / "private")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage" if _development else "backmarket.files.StaticFiles"
        )
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000

# --- E-mail ----------------------------------------------------------------------------------------

DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", f"{SITE_NAME} <hello@backmarket.example>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# In the demo and in tests every e-mail lands in a table that /mailbox/ shows; production names its SMTP server.
EMAIL_BACKEND = "backmarket.notifications.mailbox.MailboxBackend"
if not ALLOW_SANDBOX:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST = env("EMAIL_HOST")
    EMAIL_PORT = env_int("EMAIL_PORT", 587)
    EMAIL_HOST_USER = env("EMAIL_HOST_USER", "")
    EMAIL_HOST_PASSWORD = env("EMAIL_HOST_PASSWORD", "")
    EMAIL_USE_TLS = env_bool("EMAIL_USE_TLS", default=True)
    EMAIL_TIMEOUT = 10

# --- Gateways --------------------------------------------------------------------------------------

PAYMENT_GATEWAY = env("PAYMENT_GATEWAY", "sandbox")
COURIER_GATEWAY = env("COURIER_GATEWAY", "sandbox")
DEVICE_REGISTRY = env("DEVICE_REGISTRY", "sandbox")
if DEVICE_REGISTRY.rpartition(".")[2] == "SandboxRegistry":
    DEVICE_REGISTRY = "sandbox"  # by another name, and refused like it
# A seller waits for the answer: after so many seconds they are told to try again, and nothing they typed is lost.
DEVICE_REGISTRY_TIMEOUT = env_int("DEVICE_REGISTRY_TIMEOUT", 5)
STRIPE_SECRET_KEY = env("STRIPE_SECRET_KEY", "")
STRIPE_PUBLISHABLE_KEY = env("STRIPE_PUBLISHABLE_KEY", "")
STRIPE_WEBHOOK_SECRET = env("STRIPE_WEBHOOK_SECRET", "")
STRIPE_API_BASE = env("STRIPE_API_BASE", "")
EASYPOST_API_KEY = env("EASYPOST_API_KEY", "")
EASYPOST_WEBHOOK_SECRET = env("EASYPOST_WEBHOOK_SECRET", "")
EASYPOST_API_BASE = env("EASYPOST_API_BASE", "")
EASYPOST_CARRIER_ACCOUNTS = env_list("EASYPOST_CARRIER_ACCOUNTS")
EASYPOST_SERVICE = env("EASYPOST_SERVICE", "")
EASYPOST_EXPRESS_SERVICE = env("EASYPOST_EXPRESS_SERVICE", "")
EASYPOST_EXPRESS_DAYS = env_int("EASYPOST_EXPRESS_DAYS", 1)
EASYPOST_PICKUP_SERVICE = env("EASYPOST_PICKUP_SERVICE", "")
EASYPOST_BOX = env_decimals("EASYPOST_BOX", "16,12,5,112")
EASYPOST_USD_RATE = env_decimals("EASYPOST_USD_RATE", "1.25")[0]
# Seconds; asked by workers only, never while a page waits.
EASYPOST_TIMEOUT = float(env_decimals("EASYPOST_TIMEOUT", "20")[0])
# How money leaves is a choice of its own; only the sandbox of payments brings its own bank.
PAYOUT_GATEWAY = env("PAYOUT_GATEWAY", "sandbox" if PAYMENT_GATEWAY == "sandbox" else None)
STRIPE_FINANCIAL_ACCOUNT = env("STRIPE_FINANCIAL_ACCOUNT", "")
STRIPE_PAYOUT_WEBHOOK_SECRET = env("STRIPE_PAYOUT_WEBHOOK_SECRET", "")
STRIPE_CONNECT_WEBHOOK_SECRET = env("STRIPE_CONNECT_WEBHOOK_SECRET", "")
# The house's own bank account: SEPA files are paid from it, and plants that owe money transfer to it.
SEPA_DEBTOR_NAME = env("SEPA_DEBTOR_NAME", SITE_NAME if ALLOW_SANDBOX else "")
SEPA_DEBTOR_IBAN = env("SEPA_DEBTOR_IBAN", "FR7630004000031234567890143" if ALLOW_SANDBOX else "").replace(" ", "")
SEPA_DEBTOR_BIC = env("SEPA_DEBTOR_BIC", "BNPAFRPP" if ALLOW_SANDBOX else "")
# Who runs this installation, as invoices of the commission say it; lines of the address with semicolons between.
HOUSE_NAME = env("HOUSE_NAME", f"{SITE_NAME} SAS" if ALLOW_SANDBOX else None)
_house_address = env("HOUSE_ADDRESS", "1 rue de l'Exemple; 75000 Paris" if ALLOW_SANDBOX else None)
HOUSE_ADDRESS = [line.strip() for line in _house_address.split(";") if line.strip()]
HOUSE_REGISTRATION = env("HOUSE_REGISTRATION", "RCS Paris 000 000 000" if ALLOW_SANDBOX else None)
HOUSE_VAT_NUMBER = env("HOUSE_VAT_NUMBER", "FR00000000000" if ALLOW_SANDBOX else None)
if not (HOUSE_NAME and HOUSE_ADDRESS and HOUSE_REGISTRATION and HOUSE_VAT_NUMBER):
    raise ImproperlyConfigured(
        "HOUSE_NAME, HOUSE_ADDRESS, HOUSE_REGISTRATION and HOUSE_VAT_NUMBER stand on every invoice of the commission."
    )
SANDBOX_WEBHOOK_SECRET = env("SANDBOX_WEBHOOK_SECRET", SECRET_KEY)
# Before the refusal of sandboxes, so that a misspelt one does not pass for a real one.
if PAYMENT_GATEWAY not in ("sandbox", "stripe"):
    raise ImproperlyConfigured(f"PAYMENT_GATEWAY is sandbox or stripe, not {PAYMENT_GATEWAY!r}.")
if COURIER_GATEWAY not in ("sandbox", "easypost"):
    raise ImproperlyConfigured(f"COURIER_GATEWAY is sandbox or easypost, not {COURIER_GATEWAY!r}.")
if DEVICE_REGISTRY != "sandbox" and not is_module(DEVICE_REGISTRY.rpartition(".")[0]):
    raise ImproperlyConfigured(
        f"DEVICE_REGISTRY is sandbox or the dotted path of a registry's class, not {DEVICE_REGISTRY!r}."
    )
if "sandbox" in (PAYMENT_GATEWAY, PAYOUT_GATEWAY, COURIER_GATEWAY, DEVICE_REGISTRY) and not ALLOW_SANDBOX:
    raise ImproperlyConfigured(
        "A sandbox gateway is chosen (PAYMENT_GATEWAY, PAYOUT_GATEWAY, COURIER_GATEWAY or DEVICE_REGISTRY): no real "
        "money or parcel would move. Choose the real ones, or say ALLOW_SANDBOX=1."
    )
if PAYMENT_GATEWAY == "stripe" and not (STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET):
    raise ImproperlyConfigured("PAYMENT_GATEWAY=stripe needs STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET.")
if COURIER_GATEWAY == "easypost" and not (EASYPOST_API_KEY and EASYPOST_WEBHOOK_SECRET and EASYPOST_CARRIER_ACCOUNTS):
    raise ImproperlyConfigured(
        "COURIER_GATEWAY=easypost needs EASYPOST_API_KEY, EASYPOST_WEBHOOK_SECRET and EASYPOST_CARRIER_ACCOUNTS."
    )
if len(EASYPOST_BOX) != 4:
    raise ImproperlyConfigured("EASYPOST_BOX is length,width,height in inches and weight in ounces.")
if PAYOUT_GATEWAY not in ("sandbox", "stripe", "sepa"):
    raise ImproperlyConfigured(f"PAYOUT_GATEWAY must be sandbox, stripe or sepa, not {PAYOUT_GATEWAY!r}.")
if PAYOUT_GATEWAY == "stripe" and not (STRIPE_SECRET_KEY and STRIPE_FINANCIAL_ACCOUNT and STRIPE_PAYOUT_WEBHOOK_SECRET):
    raise ImproperlyConfigured(
        "PAYOUT_GATEWAY=stripe needs STRIPE_SECRET_KEY, STRIPE_FINANCIAL_ACCOUNT and STRIPE_PAYOUT_WEBHOOK_SECRET."
    )
if PAYOUT_GATEWAY == "sepa" and not (SEPA_DEBTOR_NAME and SEPA_DEBTOR_BIC and iban.is_valid(SEPA_DEBTOR_IBAN)):
    raise ImproperlyConfigured(
        "PAYOUT_GATEWAY=sepa needs SEPA_DEBTOR_NAME, SEPA_DEBTOR_BIC and a valid SEPA_DEBTOR_IBAN: our own account."
    )

# --- API -------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "backmarket.api.pagination.CursorPagination",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "backmarket.api.errors.problem",
    "DEFAULT_THROTTLE_CLASSES": []
    if TESTING
    else [
        "rest_framework.throttling.AnonRateThrottle",
        "rest_framework.throttling.UserRateThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {"anon": "120/min", "user": "600/min"},
    # Without it a caller's own X-Forwarded-For would be believed, and a throttle of anonymous callers be none.
    "NUM_PROXIES": int(BEHIND_PROXY),
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": f"{SITE_NAME} API",
    "DESCRIPTION": "The shop window, the seller's desk and the plants, for programs.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "LineStatusEnum": "orders.models.OrderLine.Status",
        "ListingStatusEnum": "catalog.models.Listing.Status",
        "PlantStatusEnum": "refurbishers.models.Refurbisher.Status",
        "QuoteStatusEnum": "buyback.models.Quote.Status",
        "TradeStatusEnum": "buyback.models.Trade.Status",
    },
}

# --- Security --------------------------------------------------------------------------------------

ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1],testserver" if _development or DEMO else "")
if not ALLOWED_HOSTS:
    raise ImproperlyConfigured("Set ALLOWED_HOSTS to the host names that serve this site, separated by commas.")
CSRF_TRUSTED_ORIGINS = [SITE_URL]
_https = SITE_URL.startswith("https://")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_SSL_REDIRECT = _https
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _https
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    # The admin sites (unfold) run Alpine and inline styles; their own responses loosen this, the shop never does.
    "EXCLUDE_URL_PREFIXES": ("/desk/", "/plant/", "/api/docs/"),
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}

# --- Logs ------------------------------------------------------------------------------------------

LOGGING_CONFIG = None
logs.configure(json=not _development, level=env("LOG_LEVEL", "INFO"))

# --- The two admin sites ---------------------------------------------------------------------------

UNFOLD = {
    "SITE_TITLE": SITE_NAME,
    "SITE_HEADER": SITE_NAME,
    "SITE_URL": "/",
    "SITE_SYMBOL": "recycling",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("img/favicon.svg")},
    ],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": True,
    "BORDER_RADIUS": "8px",
    "STYLES": [lambda request: static("css/admin.css")],
    "SCRIPTS": [lambda request: static("js/admin.js")],
    "COLORS": {
        # The shop's bottle green (static/css/tokens.css), lightened and darkened.
        "primary": {
            "50": "#eef6f0",
            "100": "#dcecdf",
            "200": "#b9dac3",
            "300": "#8ec3a1",
            "400": "#5ba57e",
            "500": "#2f8560",
            "600": "#0d5640",
            "700": "#0b4a37",
            "800": "#083b2b",
            "900": "#062e22",
            "950": "#031a13",
        }
    },
}
UNFOLD_DESK = UNFOLD | {
    "SITE_SUBHEADER": _("Desk"),
    "SIDEBAR": {"navigation": "backmarket.admin.navigation.desk"},
    "DASHBOARD_CALLBACK": "backmarket.admin.dashboards.desk",
}
UNFOLD_PLANT = UNFOLD | {
    "SITE_SUBHEADER": _("Plant"),
    "SIDEBAR": {"navigation": "backmarket.admin.navigation.plant"},
    "DASHBOARD_CALLBACK": "backmarket.admin.dashboards.plant",
}
