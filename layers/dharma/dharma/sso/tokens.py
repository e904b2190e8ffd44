"""Access tokens: JWT signed with RS256, as RFC 9068 shapes them.

A token is accepted when its signature is by a key of the set that its `kid` names, with RS256 and
nothing else, it was issued by us for us, is valid now and was not issued in the future. No critical
header is understood, so one that has any is refused (RFC 7515, 4.1.11).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey

from dharma.core.clock import Clock, epoch_seconds
from dharma.core.errors import Misconfigured, Unauthenticated
from dharma.core.ids import new_id
from dharma.core.principal import Principal
from dharma.sso.roles import ROLES

ALGORITHM = "RS256"
TYPE = "at+jwt"
KEY_BITS = 2048
# How far two machines' clocks may be apart.
LEEWAY_SECONDS = 5
MOST_CHARACTERS = 8192
# Tenants are parts of keys in the store: nothing that separates keys may be in them.
_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SUBJECT = re.compile(r"[\x21-\x7e]{1,128}")


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    """`expires_at`: seconds since 1970."""

    principal: Principal
    expires_at: int


def new_signing_key() -> bytes:
    """A private RSA key as PEM."""
    return RSAKey.generate_key(KEY_BITS, auto_kid=True).as_pem(private=True)


def public_keys(private_pem: bytes) -> dict[str, Any]:
    """The JSON Web Key Set to verify with; `kid` is the key's thumbprint (RFC 7638)."""
    key = _private(private_pem)
    return {"keys": [{**key.as_dict(private=False), "use": "sig", "alg": ALGORITHM}]}


class TokenIssuer:
    """Signs tokens. `issuer` and `audience` are the `iss` and `aud` that verifiers expect."""

    def __init__(self, private_pem: bytes, issuer: str, audience: str, clock: Clock) -> None:
        self._key = _private(private_pem)
        self._issuer, self._audience, self._clock = issuer, audience, clock

    def issue(self, principal: Principal, lifetime: timedelta) -> str:
        if not (_TENANT.fullmatch(principal.tenant) and _SUBJECT.fullmatch(principal.subject)):
            raise ValueError("a tenant or subject that no verifier accepts")
        now = epoch_seconds(self._clock.now())
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": principal.subject,
            "tenant": principal.tenant,
            "roles": sorted(principal.roles),
            "iat": now,
            "nbf": now,
            "exp": now + int(lifetime.total_seconds()),
            "jti": new_id(),
        }
        header = {"alg": ALGORITHM, "typ": TYPE, "kid": self._key.kid}
        return jwt.encode(header, claims, self._key, algorithms=[ALGORITHM])


class TokenVerifier:
    """Verifies tokens against public keys."""

    def __init__(self, jwks: Mapping[str, Any], issuer: str, audience: str, clock: Clock) -> None:
        try:
            self._keys = KeySet.import_key_set({"keys": list(jwks["keys"])})
        except (JoseError, KeyError, TypeError, ValueError) as error:
            raise Misconfigured(f"DHARMA_TOKEN_JWKS: no JSON Web Key Set ({error})") from error
        if not all(isinstance(key, RSAKey) and not key.is_private for key in self._keys):
            raise Misconfigured("DHARMA_TOKEN_JWKS: only public RSA keys")
        self._claims = jwt.JWTClaimsRegistry(
            now=lambda: epoch_seconds(clock.now()),
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            tenant={"essential": True},
            roles={"essential": True, "allow_blank": True},
        )

    def verify(self, token: str) -> VerifiedToken:
        """Raise `Unauthenticated` with the reason, which is for the log and not for the caller."""
        if len(token) > MOST_CHARACTERS or not token.isascii():
            raise Unauthenticated("no token: too long, or not ASCII")
        try:
            decoded = jwt.decode(token, self._key_of, algorithms=[ALGORITHM])
            self._claims.validate(decoded.claims)
        except (JoseError, ValueError) as error:
            raise Unauthenticated(f"token refused: {error}") from error
        if decoded.header.get("typ") not in (TYPE, "JWT"):
            raise Unauthenticated("token refused: not an access token")
        if "crit" in decoded.header:
            raise Unauthenticated("token refused: no critical header is understood here")
        return _verified(decoded.claims)

    def _key_of(self, signature: Any) -> RSAKey:
        kid = signature.headers().get("kid")
        for key in self._keys:
            if kid is not None and key.kid == kid and isinstance(key, RSAKey):
                return key
        raise Unauthenticated("token refused: signed with a key that is not ours")


def _verified(claims: Mapping[str, Any]) -> VerifiedToken:
    tenant, subject, roles = claims["tenant"], claims["sub"], claims["roles"]
    if not (isinstance(tenant, str) and _TENANT.fullmatch(tenant)):
        raise Unauthenticated("token refused: the tenant claim is no name of a tenant")
    if not _SUBJECT.fullmatch(subject):
        raise Unauthenticated("token refused: the sub claim is no name")
    if not (isinstance(roles, list) and all(isinstance(role, str) for role in roles)):
        raise Unauthenticated("token refused: the roles claim is no list of names")
    # An identity provider may know roles that mean nothing here.
    known = frozenset(roles) & ROLES
    return VerifiedToken(Principal(subject, tenant, known), int(claims["exp"]))


def _private(pem: bytes) -> RSAKey:
    try:
        key = RSAKey.import_key(pem)
        key.ensure_kid()
    except (JoseError, ValueError) as error:
        raise Misconfigured(f"DHARMA_STATE_DIR: the signing key is damaged ({error})") from error
    return key
