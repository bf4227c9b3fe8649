"""Every environment variable of a deployment: what it means, who gets it, and who says its value."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from kelmah.deployment.processes import ProcessKind, Service

Source = Literal["place", "choice", "secret", "shared"]


@dataclass(frozen=True)
class Variable:
    """``source``: follows from the names of services, is chosen by whoever deploys, is a secret of the domain, or one
    that all processes share.

    ``kinds``: only these kinds of processes get it, if any are named; ``domains``: only those of these domains, if any.
    ``sealing``: only domains that seal people's data.
    ``unless_said``: what holds when nobody says it; None means that somebody must.
    """

    name: str
    source: Source
    meaning: str
    example: str
    domains: tuple[str, ...] = ()
    kinds: tuple[ProcessKind, ...] = ()
    unless_said: str | None = None
    sealing: bool = False

    def is_for(self, service: Service) -> bool:
        of_its_kind = not self.kinds or service.kind in self.kinds
        of_its_domain = not self.domains or not set(self.domains).isdisjoint(service.domains)
        return of_its_kind and of_its_domain and (not self.sealing or bool(service.sealing))


def _place(name: str, meaning: str, example: str, *kinds: ProcessKind, domains: tuple[str, ...] = ()) -> Variable:
    return Variable(name, "place", meaning, example, domains, kinds)


def _choice(
    name: str,
    meaning: str,
    example: str,
    *kinds: ProcessKind,
    domains: tuple[str, ...] = (),
    unless_said: str | None = None,
) -> Variable:
    return Variable(name, "choice", meaning, example, domains, kinds, unless_said)


def _secret(
    name: str,
    meaning: str,
    example: str,
    *kinds: ProcessKind,
    domains: tuple[str, ...] = (),
    unless_said: str | None = None,
) -> Variable:
    return Variable(name, "secret", meaning, example, domains, kinds, unless_said)


def _login(name: str, meaning: str, example: str, *, source: Source = "choice") -> Variable:
    """Of login through a provider, which is off unless said."""
    return Variable(name, source, meaning, example, ("identity",), ("api",), "")


def _shared(name: str, meaning: str, example: str) -> Variable:
    return Variable(name, "shared", meaning, example)


_PEOPLE = ("identity",)
_WRITERS = ("identity", "messaging", "payments")  # of letters
_MONEY = ("payments",)
_CRYPTO = "the keys of people's data, a file per domain that seals (`manage.py crypto new`)"

VARIABLES = (
    _place("DJANGO_SETTINGS_MODULE", "which settings", "config.settings.prod"),
    _place("ALLOWED_HOSTS", "the host of the API, and what others call this process", "api.example.com,payments-api"),
    _place("LOCAL_DOMAINS", "the domains that this process serves", "payments"),
    _place("DOMAIN_URLS", "where the other domains are", "identity=http://identity-api:8000"),
    _place("DATABASE_URL", "the database of all domains, without credentials", "postgresql://postgres:5432/kelmah"),
    _place("<DOMAIN>_DATABASE_URL", "a domain's own, without credentials", "postgresql://payments-postgres:5432/kelmah"),
    _place("JWT_ISSUER", "who signs access tokens: the address of the API", "https://api.example.com", "api", "live"),
    _place("LIVE_URL", "the address of sockets for clients", "wss://api.example.com/ws", "api", domains=("messaging",)),
    _place("LIVE_ORIGINS", "pages that may open sockets", "https://app.example.com", "live", domains=("messaging",)),
    _place("TRUSTED_PROXY_COUNT", "gateways before this process", "1", "api", "live"),
    _place("SECURE_SSL_REDIRECT", "no: the gateway does that, and domains call by HTTP", "no", "api", "live"),
    _place("KELMAH_FILES_DIR", "the folder of files, one for all", "/srv/files", "api", "worker", domains=("files",)),
    _place("REMAP_SIGTERM", "SIGQUIT: tasks under way go back to the queue at once", "SIGQUIT", "worker"),
    _choice("EMAIL_HOST", "the mail server", "smtp.example.com", "worker", domains=_WRITERS),
    _choice("EMAIL_PORT", "its port", "587", "worker", domains=_WRITERS, unless_said="587"),
    _choice("EMAIL_HOST_USER", "its user", "kelmah", "worker", domains=_WRITERS, unless_said=""),
    _choice("EMAIL_USE_TLS", "whether by TLS", "yes", "worker", domains=_WRITERS, unless_said="yes"),
    _choice("DEFAULT_FROM_EMAIL", "the sender of e-mails", "no-reply@example.com", "worker", domains=_WRITERS),
    _choice("FRONTEND_URL", "the app, to which links in letters lead", "https://app.example.com", domains=_PEOPLE),
    _choice("PASSKEY_DOMAIN", "the domain that passkeys are bound to", "example.com", domains=_PEOPLE, unless_said=""),
    _choice(
        "PASSKEY_ORIGINS", "pages below it that may ask for them", "https://app.example.com,https://api.example.com",
        domains=_PEOPLE, unless_said="",
    ),
    _choice("SMS_PROVIDER", "twilio, or mailbox for none", "twilio", "worker", domains=_WRITERS, unless_said="mailbox"),
    _choice("TWILIO_ACCOUNT_SID", "the account", "AC…", "worker", domains=_WRITERS, unless_said=""),
    _choice("TWILIO_FROM", "the sender of texts", "+15005550006", "worker", domains=_WRITERS, unless_said=""),
    _choice("ONCALL_EMAIL", "who is told when the books are red", "oncall@example.com", "worker", domains=_MONEY),
    _choice("ONCALL_PHONE", "the same, by SMS", "+233241234567", "worker", domains=_MONEY, unless_said=""),
    _login("SOCIAL_REDIRECTS", "where logins through a provider end, unless at FRONTEND_URL", "com.example.app:/done"),
    _login("SOCIAL_GOOGLE_CLIENT_ID", "of logins with Google", "1234.apps.googleusercontent.com"),
    _login("SOCIAL_GOOGLE_CLIENT_SECRET", "from Google", "long and random", source="secret"),
    _login("SOCIAL_LINKEDIN_CLIENT_ID", "of logins with LinkedIn", "86abcdefghijkl"),
    _login("SOCIAL_LINKEDIN_CLIENT_SECRET", "from LinkedIn", "long and random", source="secret"),
    _choice(
        "VERIFICATION_VENDOR",
        "who looks at identity papers before people do: manual for nobody",
        "manual",
        "worker",
        domains=_PEOPLE,
        unless_said="manual",
    ),
    _choice("FX_BASE", "in which rates are told", "USD", domains=("payments",), unless_said="USD"),
    _choice(
        "PAYOUT_BATCH_SECONDS",
        "seconds that a payout waits to be sent together with others; 0: not at all",
        "2",
        domains=("payments",),
        unless_said="2",
    ),
    _choice("FX_MARGIN_BASIS_POINTS", "kept of exchanges", "100", domains=("payments",), unless_said="100"),
    _choice("LOG_LEVEL", "how much is logged", "INFO", unless_said="INFO"),
    _secret("SECRET_KEY", "signs links and cursors of the domain", "50 random characters"),
    _secret("DATABASE_ROLE_PASSWORD", "of the domain's roles in its database", "long and random"),
    _secret("EMAIL_HOST_PASSWORD", "its password", "long and random", "worker", domains=_WRITERS, unless_said=""),
    _secret("TWILIO_AUTH_TOKEN", "its password", "32 characters", "worker", domains=_WRITERS, unless_said=""),
    _secret("JWT_SIGNING_KEY_FILE", "of access tokens (PEM, P-256)", "/run/secrets/jwt_signing_key", domains=_PEOPLE),
    Variable("CRYPTO_KEYS_FILE", "secret", _CRYPTO, "/run/secrets/{domain}_crypto_keys", sealing=True),
    _secret("DATABASE_ADMIN_URL", "makes roles and schemas", "postgresql://kelmah:password@postgres/kelmah", "prepare"),
    _shared("REDIS_URL", "limits, hints, nonces, and by default tasks", "redis://:password@redis:6379/0"),
    _shared("CELERY_BROKER_URL", "tasks, where not in Redis", "amqp://kelmah:password@rabbitmq:5672//"),
    _shared("INTERNAL_RPC_KEY", "signs calls between domains; two while it is changed", "newest,previous"),
)  # fmt: skip


def variables_of(service: Service) -> Iterator[Variable]:
    """What this service gets."""
    return (variable for variable in VARIABLES if variable.is_for(service))
