"""The certificates of the key that PayPal's peer signs with: a good one, and others that prove nothing."""

from datetime import timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from kelmah import clock

HOLDER: Final = "messageverificationcerts.paypal.com"
DAYS: Final = 400  # that they are valid from now

Key = RSAPublicKey | ec.EllipticCurvePublicKey


class Issuer:
    """Whoever issues certificates: of itself, or under another."""

    def __init__(self, name: str, *, above: "Issuer | None" = None) -> None:
        self.name, self.key, above = _named(name), ec.generate_private_key(ec.SECP256R1()), above or self
        public = self.key.public_key()
        usage = dict.fromkeys(
            ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False
        )
        made = _begun(self.name, above.name, public)
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        made = made.add_extension(
            x509.KeyUsage(**usage, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False),
            critical=True,
        )
        made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        above_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(above.key.public_key())
        self.certificate = made.add_extension(above_key, critical=False).sign(above.key, SHA256())

    def issue(self, key: Key, *, holder: str = HOLDER, days: int = DAYS) -> x509.Certificate:
        return _begun(_named(holder), self.name, key, days=days).sign(self.key, SHA256())


def certificates_of(key: Key, *, good: str) -> tuple[dict[str, bytes], bytes]:
    """By the name under which each lies, with what leads from it to its root; and the root that is to be trusted.

    Beside the ``good`` one: ``CERT-stranger`` and ``CERT-strangers-chain`` lead to another root, ``CERT-alone`` to
    none, ``CERT-self`` is its own, ``CERT-expired`` was good until yesterday, ``CERT-other-holder`` is somebody else's,
    and ``CERT-issued-by-a-holder`` is issued by one who may not issue.
    """
    root, stranger = Issuer("Trusted Root"), Issuer("Unknown Root")
    between, strange = Issuer("Trusted Issuer", above=root), Issuer("Trusted Issuer", above=stranger)
    itself = Issuer(HOLDER)
    holder = between.issue(itself.key.public_key())
    chains = {
        good: [between.issue(key), between.certificate],
        "CERT-stranger": [strange.issue(key), strange.certificate],
        "CERT-strangers-chain": [strange.issue(key), between.certificate],
        "CERT-alone": [between.issue(key)],
        "CERT-self": [itself.issue(key), itself.certificate],
        "CERT-expired": [between.issue(key, days=-1), between.certificate],
        "CERT-other-holder": [between.issue(key, holder="certificates.example.com"), between.certificate],
        "CERT-issued-by-a-holder": [itself.issue(key), holder, between.certificate],
    }
    served = {
        name: b"".join(each.public_bytes(Encoding.PEM) for each in certificates)
        for name, certificates in chains.items()
    }
    return served, root.certificate.public_bytes(Encoding.PEM)


# Private functions


def _named(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _begun(holder: x509.Name, issuer: x509.Name, key: Key, *, days: int = DAYS) -> x509.CertificateBuilder:
    now = clock.now()
    made = x509.CertificateBuilder().subject_name(holder).issuer_name(issuer).public_key(key)
    made = made.serial_number(x509.random_serial_number())
    return made.not_valid_before(now - timedelta(days=2)).not_valid_after(now + timedelta(days=days))
