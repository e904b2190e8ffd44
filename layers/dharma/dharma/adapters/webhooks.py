"""Webhooks over HTTP: one POST, no redirects, a short time-out."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any

from dharma.core.errors import Unavailable

TIMEOUT_SECONDS = 10


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A receiver that moved has to be changed in the environment: nothing is sent elsewhere."""

    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


class HttpWebhooks:
    def __init__(self) -> None:
        # Proxies of the process are not for the receiver's address to choose.
        self._opener = urllib.request.build_opener(_NoRedirects)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        request = urllib.request.Request(
            url, data=body, headers=dict(headers), method="POST"
        )
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        except (OSError, HTTPException) as error:
            raise Unavailable(f"the webhook does not answer: {error}") from error
