"""Tokens: what is accepted, and everything that is not. One key pair for all; under a second."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jws, jwt
from joserfc.jwk import RSAKey
from joserfc.jws import JWSRegistry

from dharma.adapters.local.signing_keys import FileSigningKeys
from dharma.core.clock import FixedClock, epoch_seconds
from dharma.core.errors import Misconfigured, Unauthenticated
from dharma.core.principal import Principal
from dharma.sso.tokens import TokenIssuer, TokenVerifier, new_signing_key, public_keys

ISSUER, AUDIENCE = "https://dharma.test", "dharma-api"
ADMIN = Principal("ada@example.com", "acme", frozenset({"admin", "viewer"}))


@pytest.fixture(scope="module")
def pem() -> bytes:
    return new_signing_key()


@pytest.fixture(scope="module")
def other_pem() -> bytes:
    return new_signing_key()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def verifier(pem: bytes, clock: FixedClock) -> TokenVerifier:
    return TokenVerifier(public_keys(pem), ISSUER, AUDIENCE, clock)


@pytest.fixture
def issuer(pem: bytes, clock: FixedClock) -> TokenIssuer:
    return TokenIssuer(pem, ISSUER, AUDIENCE, clock)


def claims(clock: FixedClock, **changes: Any) -> dict[str, Any]:
    now = epoch_seconds(clock.now())
    usual = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "ada",
        "tenant": "acme",
        "roles": ["admin"],
        "iat": now,
        "nbf": now,
        "exp": now + 600,
    }
    return {k: v for k, v in {**usual, **changes}.items() if v is not None}


def sign(pem: bytes, body: dict[str, Any], header: dict[str, Any] | None = None) -> str:
    key = RSAKey.import_key(pem)
    key.ensure_kid()
    head = {"alg": "RS256", "kid": key.kid, "typ": "at+jwt", **(header or {})}
    head = {k: v for k, v in head.items() if v is not None}
    registry = JWSRegistry(algorithms=list(JWSRegistry.algorithms), strict_check_header=False)
    return jwt.encode(head, body, key, registry=registry, default_type=None)


def raw(part: Any) -> str:
    data = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def test_an_issued_token_is_accepted_until_it_expires(
    issuer: TokenIssuer, verifier: TokenVerifier, clock: FixedClock
) -> None:
    token = issuer.issue(ADMIN, timedelta(minutes=15))
    verified = verifier.verify(token)
    assert verified.principal == ADMIN
    assert verified.expires_at == epoch_seconds(clock.now()) + 900
    clock.advance(timedelta(minutes=14, seconds=59))
    assert verifier.verify(token).principal == ADMIN
    clock.advance(timedelta(seconds=10))
    with pytest.raises(Unauthenticated, match="expired"):
        verifier.verify(token)


def test_a_token_signed_with_our_key_by_hand_is_accepted(
    pem: bytes, verifier: TokenVerifier, clock: FixedClock
) -> None:
    # Without this, the refusals below could be right for the wrong reason.
    assert verifier.verify(sign(pem, claims(clock))).principal.subject == "ada"
    assert verifier.verify(sign(pem, claims(clock, aud=["x", AUDIENCE]))).expires_at
    assert verifier.verify(sign(pem, claims(clock, nbf=None), {"typ": "JWT"})).expires_at


CLAIM_FAULTS: dict[str, dict[str, Any]] = {
    "wrong issuer": {"iss": "https://elsewhere"},
    "no issuer": {"iss": None},
    "wrong audience": {"aud": "another-api"},
    "no audience": {"aud": None},
    "no expiry": {"exp": None},
    "expiry as text": {"exp": "9999999999"},
    "endless": {"exp": float("1e400")},
    "no issue time": {"iat": None},
    "no subject": {"sub": None},
    "empty subject": {"sub": ""},
    "subject with a blank": {"sub": "a b"},
    "subject as a number": {"sub": 7},
    "no tenant": {"tenant": None},
    "tenant that separates keys": {"tenant": "acme#DEPLOYMENTS"},
    "tenant with a newline": {"tenant": "acme\n"},
    "tenant as a list": {"tenant": ["acme"]},
    "no roles": {"roles": None},
    "roles as text": {"roles": "admin"},
    "roles of something": {"roles": [{"admin": True}]},
}


@pytest.mark.parametrize("fault", CLAIM_FAULTS.values(), ids=CLAIM_FAULTS.keys())
def test_claims_that_do_not_fit_are_refused(
    pem: bytes, verifier: TokenVerifier, clock: FixedClock, fault: dict[str, Any]
) -> None:
    with pytest.raises(Unauthenticated):
        verifier.verify(sign(pem, claims(clock, **fault)))


@pytest.mark.parametrize("name", ["iat", "nbf"])
def test_a_token_from_the_future_is_refused(
    pem: bytes, verifier: TokenVerifier, clock: FixedClock, name: str
) -> None:
    later = epoch_seconds(clock.now()) + 60
    with pytest.raises(Unauthenticated):
        verifier.verify(sign(pem, claims(clock, **{name: later})))


def test_unknown_roles_mean_nothing(pem: bytes, verifier: TokenVerifier, clock: FixedClock) -> None:
    token = sign(pem, claims(clock, roles=["root", "viewer"]))
    assert verifier.verify(token).principal.roles == {"viewer"}


@pytest.mark.parametrize("spelling", ["none", "None", "NONE", "", None])
def test_an_unsigned_token_is_refused(
    pem: bytes, verifier: TokenVerifier, clock: FixedClock, spelling: str | None
) -> None:
    kid = public_keys(pem)["keys"][0]["kid"]
    head = raw({"alg": spelling, "kid": kid, "typ": "at+jwt"})
    body = raw(claims(clock))
    good = sign(pem, claims(clock)).split(".")
    for token in (f"{head}.{body}.", f"{head}.{body}", f"{head}.{body}.{good[2]}"):
        with pytest.raises(Unauthenticated):
            verifier.verify(token)


def test_hs256_with_the_public_key_as_its_secret_is_refused(
    pem: bytes, verifier: TokenVerifier, clock: FixedClock
) -> None:
    key = RSAKey.import_key(pem)
    kid = public_keys(pem)["keys"][0]["kid"]
    public = key.public_key
    forms = [
        public.public_bytes(encoding, form)
        for encoding in (serialization.Encoding.PEM, serialization.Encoding.DER)
        for form in (
            serialization.PublicFormat.SubjectPublicKeyInfo,
            serialization.PublicFormat.PKCS1,
        )
    ]
    forms.append(json.dumps(public_keys(pem)["keys"][0]).encode())
    signed = f"{raw({'alg': 'HS256', 'kid': kid, 'typ': 'at+jwt'})}.{raw(claims(clock))}"
    for secret in forms:
        signature = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
        with pytest.raises(Unauthenticated):
            verifier.verify(f"{signed}.{raw(signature)}")


@pytest.mark.parametrize("algorithm", ["RS512", "PS256"])
def test_another_algorithm_with_the_right_key_is_refused(
    pem: bytes, verifier: TokenVerifier, clock: FixedClock, algorithm: str
) -> None:
    with pytest.raises(Unauthenticated):
        verifier.verify(sign(pem, claims(clock), {"alg": algorithm}))


def test_another_key_is_refused_even_under_our_key_id(
    pem: bytes, other_pem: bytes, verifier: TokenVerifier, clock: FixedClock
) -> None:
    kid = public_keys(pem)["keys"][0]["kid"]
    jwk = public_keys(other_pem)["keys"][0]
    for header in ({}, {"kid": kid}, {"kid": None}, {"kid": kid, "jwk": jwk}):
        with pytest.raises(Unauthenticated):
            verifier.verify(sign(other_pem, claims(clock), header))


@pytest.mark.parametrize(
    "header",
    [
        {"crit": ["exp"], "exp": 1},
        {"crit": ["https://example.com/must"], "https://example.com/must": True},
        {"crit": ["absent"]},
        {"crit": []},
        {"crit": "b64", "b64": True},
        {"typ": "refresh+jwt"},
        {"typ": None},
    ],
    ids=str,
)
def test_a_header_that_is_not_understood_is_refused(
    pem: bytes, verifier: TokenVerifier, clock: FixedClock, header: dict[str, Any]
) -> None:
    kid = public_keys(pem)["keys"][0]["kid"]
    head = {"alg": "RS256", "kid": kid, "typ": "at+jwt", **header}
    head = {k: v for k, v in head.items() if v is not None}
    signed = f"{raw(head)}.{raw(claims(clock))}"
    private = RSAKey.import_key(pem).private_key
    assert private is not None
    signature = private.sign(signed.encode(), PKCS1v15(), SHA256())
    with pytest.raises(Unauthenticated):
        verifier.verify(f"{signed}.{raw(signature)}")


def test_a_changed_token_is_refused(
    issuer: TokenIssuer, verifier: TokenVerifier, clock: FixedClock
) -> None:
    token = issuer.issue(ADMIN, timedelta(minutes=5))
    head, body, signature = token.split(".")
    forged = raw({**claims(clock), "tenant": "other"})
    bent = ("A" if signature[0] != "A" else "B") + signature[1:]
    for text in (f"{head}.{forged}.{signature}", f"{head}.{body}.{bent}", token[:-20]):
        with pytest.raises(Unauthenticated):
            verifier.verify(text)


@pytest.mark.parametrize(
    "text", ["", ".", "..", "a.b.c", "ü.ü.ü", "e30.e30.e30", "[].[].[]", "A" * 9000, "\0", "😀"]
)
def test_what_is_no_token_is_refused(verifier: TokenVerifier, text: str) -> None:
    with pytest.raises(Unauthenticated):
        verifier.verify(text)


def test_a_payload_that_is_no_object_is_refused(pem: bytes, verifier: TokenVerifier) -> None:
    key = RSAKey.import_key(pem)
    key.ensure_kid()
    for payload in (b"[]", b'"text"', b"null", b"{", b"\xff"):
        token = jws.serialize_compact({"alg": "RS256", "kid": key.kid}, payload, key)
        with pytest.raises(Unauthenticated):
            verifier.verify(token)


@pytest.mark.parametrize(
    "jwks",
    [{}, {"keys": None}, {"keys": [{"kty": "oct", "k": "c2" * 32}]}, {"keys": [{"kty": "x"}]}],
    ids=str,
)
def test_a_key_set_that_cannot_verify_is_named(jwks: dict[str, Any], clock: FixedClock) -> None:
    with pytest.raises(Misconfigured, match="DHARMA_TOKEN_JWKS"):
        TokenVerifier(jwks, ISSUER, AUDIENCE, clock)


def test_a_private_key_does_not_belong_into_the_key_set(pem: bytes, clock: FixedClock) -> None:
    private = dict(RSAKey.import_key(pem).as_dict(private=True))
    with pytest.raises(Misconfigured, match="public"):
        TokenVerifier({"keys": [private]}, ISSUER, AUDIENCE, clock)


def test_the_issuer_refuses_what_no_verifier_accepts(issuer: TokenIssuer) -> None:
    for principal in (Principal("a b", "t", frozenset()), Principal("a", "t#x", frozenset())):
        with pytest.raises(ValueError, match="tenant or subject"):
            issuer.issue(principal, timedelta(minutes=1))


# --- the key files


def test_key_files_are_made_once_and_are_their_owners_alone(
    tmp_path: Path, clock: FixedClock
) -> None:
    keys = FileSigningKeys(tmp_path / "keys")
    jwks = keys.public_keys()
    again = FileSigningKeys(tmp_path / "keys")
    assert again.public_keys() == jwks
    assert again.private_pem() == keys.private_pem()
    assert "d" not in jwks["keys"][0]
    modes = {stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "keys").iterdir()}
    assert modes == {0o600}
    token = TokenIssuer(keys.private_pem(), ISSUER, AUDIENCE, clock).issue(
        ADMIN, timedelta(minutes=1)
    )
    assert TokenVerifier(jwks, ISSUER, AUDIENCE, clock).verify(token).principal == ADMIN


def test_a_new_private_key_brings_its_public_half(tmp_path: Path) -> None:
    keys = FileSigningKeys(tmp_path)
    before = keys.public_keys()
    (tmp_path / "token-signing.pem").unlink()
    keys.private_pem()
    assert keys.public_keys() != before


def test_a_private_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    keys = FileSigningKeys(tmp_path)
    keys.private_pem()
    (tmp_path / "token-signing.pem").chmod(0o644)
    with pytest.raises(Misconfigured, match="chmod 600"):
        keys.private_pem()


def test_a_damaged_key_is_named(tmp_path: Path, clock: FixedClock) -> None:
    with pytest.raises(Misconfigured, match="signing key"):
        TokenIssuer(b"-----BEGIN", ISSUER, AUDIENCE, clock)
    (tmp_path / "token-public.json").write_text("{")
    with pytest.raises(Misconfigured, match=r"token-public\.json"):
        FileSigningKeys(tmp_path).public_keys()
