"""The newest version, as an address of the user's choice tells it."""

from __future__ import annotations

import json
from typing import Any

import httpx

from dharma.blueprint.versions import is_version
from dharma.core.errors import InvalidInput, Unavailable

TIMEOUT_SECONDS = 10.0
MAX_BYTES = 4 * 1024 * 1024


def newest_version(address: str | None, transport: httpx.BaseTransport | None = None) -> str:
    """A semantic version. The answer is JSON with `version` or `tag_name`, in it or in its `info`;
    a leading v does not count. InvalidInput without a usable address; Unavailable when it does not
    answer with one."""
    if not address:
        raise InvalidInput("no address is set: state --url or DHARMA_UPDATE_URL")
    if not address.startswith(("https://", "http://")):
        raise InvalidInput(f"{address!r} is no http address")
    stated = _stated(_body(address, transport))
    version = stated.removeprefix("v") if stated else ""
    if not is_version(version):
        raise Unavailable(f"{address} does not tell a semantic version")
    return version


def _body(address: str, transport: httpx.BaseTransport | None) -> bytes:
    body = b""
    try:
        with (
            httpx.Client(
                timeout=TIMEOUT_SECONDS, follow_redirects=True, max_redirects=3, transport=transport
            ) as client,
            client.stream("GET", address, headers={"accept": "application/json"}) as response,
        ):
            response.raise_for_status()
            for part in response.iter_bytes():
                body += part
                if len(body) > MAX_BYTES:
                    raise Unavailable(f"{address} answers with more than {MAX_BYTES} bytes")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unavailable(f"no answer from {address}: {error or type(error).__name__}") from error
    return body


def _stated(body: bytes) -> str | None:
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    for place in (document, document.get("info")):
        if isinstance(place, dict):
            for key in ("version", "tag_name"):
                if isinstance(place.get(key), str):
                    return str(place[key])
    return None
