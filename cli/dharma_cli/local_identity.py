"""Tokens for the stack on this machine, signed with the key in its state folder."""

from __future__ import annotations

import os
from datetime import timedelta

from dharma.bootstrap import Application
from dharma.core.errors import InvalidInput
from dharma.core.principal import Principal
from dharma.core.settings import Settings
from dharma.sso.roles import ROLES

TENANT = "local"


def issue(role: str, hours: int) -> str:
    """A token of the local user with one role, valid for `hours`."""
    if role not in ROLES:
        raise InvalidInput(f"Unknown role {role!r}; roles are {', '.join(sorted(ROLES))}")
    principal = Principal(f"local-{role}", TENANT, frozenset({role}))
    return _application().token_issuer.issue(principal, timedelta(hours=hours))


def ensure_keys() -> None:
    """Make the signing key if there is none yet: the gateway verifies with it from its start."""
    _ = _application().token_issuer


def _application() -> Application:
    return Application(Settings.from_environment({**os.environ, "DHARMA_RUNTIME": "local"}))
