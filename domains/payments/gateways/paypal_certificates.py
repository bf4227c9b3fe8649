"""The certificates that PayPal's webhooks are signed with: from where it keeps them, issued to it by whom we trust."""

import re
from functools import cache
from pathlib import Path
from typing import Final

import certifi
import structlog
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import NameOID
from cryptography.x509.verification import ExtensionPolicy, PolicyBuilder, Store, VerificationError
from django.conf import settings

from domains.payments.gateways.calling import NoAnswer, call
from domains.payments.rules import SignatureInvalid
from kelmah import clock
from kelmah.errors import Unavailable

log = structlog.get_logger(__name__)

_PATH: Final = "/v1/notifications/certs/"
_CERTIFICATE: Final = re.compile(r"CERT-[A-Za-z0-9-]{1,100}")
_PEM: Final = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_HOLDERS: Final = frozenset({"messageverificationcerts.paypal.com", "messageverificationcerts.sandbox.paypal.com"})
_known: dict[tuple[str, str], x509.Certificate] = {}


def key_at(url: str) -> RSAPublicKey:
    """The key of a certificate of PayPal's own that is valid now.

    Raises SignatureInvalid, and Unavailable when it can't be had now.
    """
    base = f"{settings.PAYPAL_CERTIFICATES_URL}{_PATH}"
    name = url.removeprefix(base)
    if not url.startswith(base) or not _CERTIFICATE.fullmatch(name):
        raise SignatureInvalid()
    certificate = _known.get((base, name)) or _fetched(base, name)
    key = certificate.public_key()
    if not certificate.not_valid_before_utc <= clock.now() <= certificate.not_valid_after_utc:
        raise SignatureInvalid()
    if not isinstance(key, RSAPublicKey):
        raise SignatureInvalid()
    return key


# Private functions


def _fetched(base: str, name: str) -> x509.Certificate:
    """Kept once it was found good; a bad one is nobody's, and may be asked for again."""
    try:
        answer = call("GET", settings.PAYPAL_CERTIFICATES_URL, f"{_PATH}{name}")
    except NoAnswer as error:
        raise Unavailable(f"PayPal's certificate can't be had: {error}.", data={"retry_after": 60}) from error
    if answer.status_code >= 500 or answer.status_code == 429:
        raise Unavailable("PayPal's certificate can't be had now.", data={"retry_after": 60})
    try:
        certificate, *between = x509.load_pem_x509_certificates(answer.content)
        _check(certificate, between)
    except (ValueError, VerificationError) as error:
        log.error("paypal_certificate_refused", name=name, reason=str(error))
        raise SignatureInvalid() from None
    _known[base, name] = certificate
    return certificate


def _check(certificate: x509.Certificate, between: list[x509.Certificate]) -> None:
    """Anybody has a certificate that leads to a trusted root: it must be PayPal's, too. Raises VerificationError,
    ValueError."""
    holders = [str(each.value) for each in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if len(holders) != 1 or holders[0] not in _HOLDERS:
        raise ValueError(f"issued to {holders}")
    # It signs messages and serves no address: what must stand in a web server's need not stand in it.
    policy = PolicyBuilder().store(_trusted(*settings.PAYPAL_TRUSTED_ROOTS)).time(clock.now())
    policy = policy.extension_policies(
        ca_policy=ExtensionPolicy.webpki_defaults_ca(), ee_policy=ExtensionPolicy.permit_all()
    )
    policy.build_client_verifier().verify(certificate, between)


@cache
def _trusted(*files: str) -> Store:
    found = [pem for file in files or (certifi.where(),) for pem in _PEM.findall(Path(file).read_bytes())]
    return Store([each for pem in found for each in _readable(pem)])


def _readable(pem: bytes) -> list[x509.Certificate]:
    """Browsers trust some that break a rule: those lead nobody here, and must not take the others along."""
    try:
        return [x509.load_pem_x509_certificate(pem)]
    except ValueError:
        return []
