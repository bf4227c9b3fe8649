"""Settings that every environment shares. ``dev``, ``test`` and ``prod`` say where they differ."""

from pathlib import Path

from config import domains, env
from config.settings.gateways import *  # noqa: F403 - the payment providers
from kelmah.http.defaults import REST_FRAMEWORK as REST_FRAMEWORK
from kelmah.http.defaults import SPECTACULAR_SETTINGS as SPECTACULAR_SETTINGS

BASE_DIR = Path(__file__).resolve().parents[2]

# --- domains -----------------------------------------------------------------------------------------------------
DOMAINS = frozenset(domains.DEPLOYED)
LOCAL_DOMAINS = tuple(domains.LOCAL)
DOMAIN_URLS = dict(domains.URLS)
DOMAIN_DATABASE_URLS = {domain: domains.database_url(domain) for domain in domains.LOCAL}
IDENTITY_IS_LOCAL = "identity" in LOCAL_DOMAINS

# --- applications ------------------------------------------------------------------------------------------------
# Django's users, sessions and admin have their tables where identity lives. Elsewhere its admin runs without them:
# people are known by token only, and staff by what identity signed for the desk (kelmah.staff).
INSTALLED_APPS = [
    "kelmah",
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    *(("django.contrib.sessions",) if IDENTITY_IS_LOCAL else ()),
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    *(domains.package_of(domain) for domain in LOCAL_DOMAINS),
]
MIDDLEWARE = [
    "django.middleware.locale.LocaleMiddleware",  # before whoever may refuse: refusals are read by people
    "kelmah.http.request_id.RequestIdMiddleware",
    "kelmah.http.problems.ProblemMiddleware",
    "kelmah.http.aside.RefusalMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "kelmah.staff.policy.DeskPolicy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    *(
        (
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "domains.identity.admin.gate.SecondFactorGate",
        )
        if IDENTITY_IS_LOCAL
        else (
            "kelmah.staff.stay.DeskSessions",
            "django.middleware.common.CommonMiddleware",
            "kelmah.staff.middleware.DeskAuthentication",
        )
    ),
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
APPEND_SLASH = False

# --- data --------------------------------------------------------------------------------------------------------
DATABASE_POOL_SIZE = env.number("DATABASE_POOL_SIZE", default=8)
DATABASES = domains.databases(pool_size=DATABASE_POOL_SIZE)
DATABASE_ROUTERS = ["kelmah.db.router.DomainRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.text("REDIS_URL", default="redis://127.0.0.1:6379/0", example="redis://127.0.0.1:6379/0")
CELERY_BROKER_URL = env.text(
    "CELERY_BROKER_URL", default=REDIS_URL, example="amqp://kelmah:secret@127.0.0.1:5672/kelmah"
)
MEDIA_ROOT = Path(
    env.text("KELMAH_FILES_DIR", default=str(BASE_DIR / ".data" / "files"), example="/var/lib/kelmah/files")
)
MAILBOX_DIR = Path(
    env.text("KELMAH_MAILBOX_DIR", default=str(BASE_DIR / ".data" / "mailbox"), example="/var/lib/kelmah/mailbox")
)

# --- people ------------------------------------------------------------------------------------------------------
ACCESS_TOKEN_SECONDS = 600
IMPERSONATION_SECONDS = 1800
JWT_SIGNING_KEYS: list[str] = []  # as PEM, in place of files
if IDENTITY_IS_LOCAL:
    AUTH_USER_MODEL = "identity.User"
    AUTHENTICATION_BACKENDS = ["domains.identity.admin.login.StaffBackend"]
    AUTH_PASSWORD_VALIDATORS = [{"NAME": "domains.identity.admin.login.StaffPassword"}]
    SESSION_COOKIE_NAME = "kelmah_admin"
else:
    AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.BaseBackend"]  # knows nobody and asks no table
    SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    SESSION_COOKIE_NAME = "kelmah_desk"
    SESSION_COOKIE_AGE = ACCESS_TOKEN_SECONDS
    MESSAGE_STORAGE = "kelmah.staff.stay.DeskMessages"
    CSRF_COOKIE_NAME = "kelmah_desk_csrf"
    CSRF_COOKIE_PATH = "/admin/"
PASSWORD_HASHERS = ["kelmah.passwords.Argon2id"]
JWT_ISSUER = env.text("JWT_ISSUER", default="http://127.0.0.1:8000", example="https://api.example.com")
JWT_AUDIENCE = "kelmah-api"
DESK_URLS = dict(env.pairs("DESK_URLS"))  # public addresses of desks that are not below JWT_ISSUER
# Where anybody may have a password hashed: kelmah.http.aside.
ANSWERED_ASIDE = [f"/api/v1/auth/{each}" for each in ("login", "register", "password/reset") if IDENTITY_IS_LOCAL]
PASSWORD_HASHES_AT_ONCE = env.number("PASSWORD_HASHES_AT_ONCE", default=1, at_least=1)  # per process: cores / workers
PASSWORD_HASHES_WAITING = env.number("PASSWORD_HASHES_WAITING", default=1)  # per process: fewer than its threads
LOGIN_REDIRECT_URL = "/admin/"  # only the desk has a page to log in on
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True

# --- encryption --------------------------------------------------------------------------------------------------
CRYPTO_KEYS_FILE = env.text("CRYPTO_KEYS_FILE", default="", example="/run/secrets/{domain}_crypto_keys")
CRYPTO_KEYS_REQUIRED = False

# --- events and calls --------------------------------------------------------------------------------------------
INTERNAL_RPC_KEYS_FILE = env.text("INTERNAL_RPC_KEYS_FILE", default="", example="/run/secrets/rpc-keys.json")
RPC_TRANSPORT = env.text("RPC_TRANSPORT", default="local", example="local or loopback")
RPC_BREAKER_FAILURES = env.number("RPC_BREAKER_FAILURES", default=5, at_least=1)  # in a row, of one target
RPC_BREAKER_SECONDS = env.number("RPC_BREAKER_SECONDS", default=5, at_least=1)  # until it is tried again
RPC_JOURNAL = env.text("RPC_JOURNAL", default="", example="/var/lib/kelmah/calls")  # a folder, while calls are measured
CELERY_APP = "config.celery.app"
EVENT_MAX_ATTEMPTS = env.number("EVENT_MAX_ATTEMPTS", default=8, at_least=1)
EVENT_LEASE_SECONDS = env.number("EVENT_LEASE_SECONDS", default=30, at_least=1)
EVENT_KEEP_DAYS = env.number("EVENT_KEEP_DAYS", default=30, at_least=1)  # of what was heard

# --- messages ----------------------------------------------------------------------------------------------------
MESSAGES_PER_MINUTE = env.number("MESSAGES_PER_MINUTE", default=60, at_least=1)
LIVE_ORIGINS = env.words("LIVE_ORIGINS")  # pages that may open sockets, besides those of ALLOWED_HOSTS
LIVE_URL = env.text("LIVE_URL", default="ws://127.0.0.1:8001/ws", example="wss://live.example.com/ws")
EMAIL_HOST = env.text("EMAIL_HOST", default="", example="smtp.example.com")  # empty: into MAILBOX_DIR
EMAIL_PORT = env.number("EMAIL_PORT", default=587, at_least=1)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER", default="", example="kelmah")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD", default="", example="a long random password")
EMAIL_USE_TLS = env.switch("EMAIL_USE_TLS", default=True)
ONCALL_EMAIL = env.text("ONCALL_EMAIL", default="", example="oncall@example.com")  # who hears of money gone wrong
ONCALL_PHONE = env.text("ONCALL_PHONE", default="", example="+233241234567")
FRONTEND_URL = env.site("FRONTEND_URL", default="http://127.0.0.1:3000", example="https://app.example.com")  # of links
# Who looks at identity papers first; sandbox decides by the number, and is refused in production.
VERIFICATION_VENDOR = env.one_of("VERIFICATION_VENDOR", ("manual", "sandbox"), default="manual")
SMS_PROVIDER = env.one_of("SMS_PROVIDER", ("mailbox", "twilio"), default="mailbox")  # mailbox: into MAILBOX_DIR
_needed = None if SMS_PROVIDER == "twilio" else ""
TWILIO_URL = env.site("TWILIO_URL", default="https://api.twilio.com", example="https://api.twilio.com")
TWILIO_ACCOUNT_SID = env.text("TWILIO_ACCOUNT_SID", default=_needed, example="AC followed by 32 characters")
TWILIO_AUTH_TOKEN = env.text("TWILIO_AUTH_TOKEN", default=_needed, example="32 characters, from Twilio's console")
TWILIO_FROM = env.text("TWILIO_FROM", default=_needed, example="+15005550006")  # or a name, or MG… of a service

# --- the edge ----------------------------------------------------------------------------------------------------
TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXY_COUNT", default=0)
RATE_LIMITS = {
    "auth": "20/m",
    "write": "120/m",
    "read": "600/m",
    "search": "120/m",
    "upload": "60/h",
    "webhook": "6000/m",
    "letters_to": "5/h",  # to one address, of those that anybody may have sent there
    "letters_from": "30/h",  # the same, by one caller
    "login_failures": "60/h",  # of one caller, over all accounts
} | dict(entry.split("=", 1) for entry in env.words("RATE_LIMITS"))  # as auth=40/m,search=300/m
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"

# --- texts -------------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
# Those with a catalogue in locale/. Whoever prefers another of ``rules.LOCALES`` reads English: Django takes "ga" for
# Irish, and a language without its own catalogue would mix the two.
LANGUAGES = [("en", "English"), ("fr", "Français")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATIC_ROOT = Path(
    env.text("KELMAH_STATIC_DIR", default=str(BASE_DIR / ".data" / "static"), example="/var/lib/kelmah/static")
)
WHITENOISE_USE_FINDERS = True
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", default="Kelmah <no-reply@kelmah.dev>", example="a@example.com")
UNFOLD = {
    "SITE_TITLE": "Kelmah",
    "SITE_HEADER": "Kelmah",
    "SITE_SUBHEADER": "Staff desk",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": f"{STATIC_URL}desk/icon.svg"}],
    "SITE_DROPDOWN": "kelmah.staff.places.other_desks",
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{levelname:<7} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.text("LOG_LEVEL", default="INFO", example="INFO")},
    "loggers": {  # a line for every call between domains, or to a payment provider, tells nothing
        "httpx": {"level": "WARNING"},
        "stripe": {"level": "WARNING"},
    },
}
