"""The ring of keys, near and far."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from kelmah import clock
from kelmah.http.keys import _read_key, ask_for_keys_ahead, public_ring, sign_access_token
from kelmah.http.remote_keys import RemoteKeys
from kelmah.ids import new_id
from kelmah.testing.client import ApiClient

Sign = Callable[..., str]


def pem_of(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_a_rotated_key_still_verifies_until_it_is_dropped(web: ApiClient, sign: Sign, settings: Any) -> None:
    token, old = sign(), settings.JWT_SIGNING_KEYS[0]
    new = pem_of(ec.generate_private_key(ec.SECP256R1()))
    settings.JWT_SIGNING_KEYS = [new, old]
    assert web.with_token(token).get("/whoami").status == 200
    fresh = sign_access_token({"sub": str(new_id())})
    assert jwt.get_unverified_header(fresh)["kid"] == _read_key(new).kid
    settings.JWT_SIGNING_KEYS = [new]
    assert web.with_token(token).get("/whoami").code == "token_invalid"


def test_kid_is_the_rfc_7638_thumbprint() -> None:
    # RFC 8037-style check by the definition: SHA-256 over the required members, sorted, without blanks.
    key = ec.derive_private_key(7, ec.SECP256R1())
    jwk = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key()))
    canonical = f'{{"crv":"P-256","kty":"EC","x":"{jwk["x"]}","y":"{jwk["y"]}"}}'
    expected = base64.urlsafe_b64encode(hashlib.sha256(canonical.encode()).digest()).rstrip(b"=").decode()
    assert _read_key(pem_of(key)).kid == expected


def test_the_jwks_document_holds_public_halves_only(web: ApiClient, sign: Sign) -> None:
    answer = web.get("/.well-known/jwks.json")
    assert answer.status == 200
    assert [set(key) for key in answer.json["keys"]] == [{"crv", "kty", "x", "y", "kid", "alg", "use"}]
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    token = sign()
    key = jwt.PyJWK(answer.json["keys"][0])
    assert jwt.decode(token, key.key, algorithms=["ES256"], audience="kelmah-api")["typ"] == "access"


@pytest.mark.parametrize("curve", [ec.SECP384R1(), ec.SECP256K1()])
def test_a_key_of_another_curve_stops_the_process(curve: ec.EllipticCurve) -> None:
    with pytest.raises(Exception, match="P-256"):
        _read_key(pem_of(ec.generate_private_key(curve)))


class Identity:
    """identity's JWKS address, served by a real server on another port."""

    def __init__(self) -> None:
        self.keys: list[dict[str, str]] = public_ring()
        self.asked, self.broken = 0, False
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked += 1
                self.send_response(500 if outer.broken else 200)
                self.end_headers()
                self.wfile.write(json.dumps({"keys": outer.keys}).encode())

            def log_message(self, *args: Any) -> None: ...

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def identity_elsewhere() -> Iterator[Identity]:
    identity = Identity()
    yield identity
    identity.server.shutdown()
    identity.server.server_close()


def test_a_process_without_identity_verifies_by_its_jwks(
    web: ApiClient, sign: Sign, settings: Any, identity_elsewhere: Identity
) -> None:
    token = sign()
    settings.JWT_SIGNING_KEYS, settings.DOMAIN_URLS = [], {"identity": identity_elsewhere.url}
    assert [web.with_token(token).get("/whoami").status for _ in range(3)] == [200, 200, 200]
    assert identity_elsewhere.asked == 1


def test_unknown_kids_cost_identity_one_question_in_five_seconds(sign: Sign, identity_elsewhere: Identity) -> None:
    keys, ours = RemoteKeys(identity_elsewhere.url), public_ring()[0]["kid"]
    assert keys.get(ours) is not None
    assert [keys.get(name * 43) for name in "abcdef"] == [None] * 6
    assert identity_elsewhere.asked == 1
    identity_elsewhere.keys.append({**identity_elsewhere.keys[0], "kid": "n" * 43})
    clock.advance(seconds=6)
    assert keys.get("n" * 43) is not None
    assert identity_elsewhere.asked == 2


def test_a_withdrawn_key_stops_counting_and_an_outage_does_not_stop_anything(identity_elsewhere: Identity) -> None:
    keys, ours = RemoteKeys(identity_elsewhere.url), public_ring()[0]["kid"]
    assert keys.get(ours) is not None
    identity_elsewhere.broken = True
    clock.advance(minutes=11)
    assert keys.get(ours) is not None
    identity_elsewhere.broken, identity_elsewhere.keys = False, []
    clock.advance(seconds=6)
    assert keys.get(ours) is None


def test_before_identity_ever_answered_tokens_cannot_be_checked(web: ApiClient, sign: Sign, settings: Any) -> None:
    token = sign()
    settings.JWT_SIGNING_KEYS, settings.DOMAIN_URLS = [], {"identity": "http://127.0.0.1:9"}
    assert web.with_token(token).get("/whoami").code == "unavailable"


def test_keys_are_asked_for_before_the_first_token_comes(
    web: ApiClient, sign: Sign, settings: Any, identity_elsewhere: Identity
) -> None:
    token = sign()
    settings.JWT_SIGNING_KEYS, settings.DOMAIN_URLS = [], {"identity": identity_elsewhere.url}
    identity_elsewhere.broken = True  # the two start together
    ask_for_keys_ahead()
    until = time.monotonic() + 10
    while identity_elsewhere.asked < 1 and time.monotonic() < until:
        time.sleep(0.05)
    identity_elsewhere.broken = False
    while identity_elsewhere.asked < 2 and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.2)
    identity_elsewhere.broken = True  # and then it goes down
    assert web.with_token(token).get("/whoami").status == 200
