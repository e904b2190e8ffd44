"""Who may speak to the practice account: programs of this machine, no page in a browser.

The emulator asks for no credentials and lets every origin read its answers, so any page that the
user has open could empty the account, or read what is in it. A page is known by what browsers send
along, and, when it got its own name to mean this machine (DNS rebinding), by that name.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Mapping
from typing import Any

StartResponse = Callable[..., Any]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]

# The emulator tells services and buckets apart by names below these, when it is asked by name.
_OWN_NAMES = (".localhost", ".amazonaws.com", ".amazonaws.com.cn")
_SAME_PAGE = frozenset({"same-origin", "none"})


class Door:
    """A WSGI application in front of the account's."""

    def __init__(self, account: Application) -> None:
        self._account = account

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        reason = refusal(environ)
        if reason is None:
            return self._account(environ, start_response)
        start_response("403 Forbidden", [("Content-Type", "text/plain; charset=utf-8")])
        return [f"{reason}\n".encode()]


def refusal(environ: Mapping[str, Any]) -> str | None:
    """Why this request is not let in; None: it is."""
    host = str(environ.get("HTTP_HOST", "localhost"))
    if not _is_ours(host):
        return "the sandbox answers to names of this machine only"
    origin = environ.get("HTTP_ORIGIN")
    if origin is not None and origin != f"http://{host}":
        return "the sandbox is not for pages of other origins"
    if environ.get("HTTP_SEC_FETCH_SITE", "none") not in _SAME_PAGE:
        return "the sandbox is not for pages of other sites"
    return None


def _is_ours(host: str) -> bool:
    name = host.rpartition("]")[0].lstrip("[") or host.partition(":")[0]
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return f".{name.lower().rstrip('.')}".endswith(_OWN_NAMES)
