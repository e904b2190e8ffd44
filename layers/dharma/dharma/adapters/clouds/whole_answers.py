"""A client of the cloud that takes no half of an answer for a whole one.

botocore does not compare what arrived with the `Content-Length` that was announced (RFC 9112,
section 8: such a message is incomplete). Of a JSON or REST answer whose sender was killed it makes
an answer in which nothing stands, and of another one a `ResponseParserError`.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ConnectionClosedError


def refuse_halves(client: Any) -> None:
    """From now on an answer that is cut off raises `ConnectionClosedError`, which is `Unavailable`
    to callers: the step is tried again. botocore itself does not try again, as it does when nothing
    arrived: nobody can say what became of a request of which the answer had begun."""
    endpoint = client.meta.endpoint_url

    def look(operation_model: Any, response_dict: dict[str, Any], **_: Any) -> None:
        body, headers = response_dict.get("body"), response_dict["headers"]
        announced = headers.get("content-length")
        if (
            isinstance(body, bytes)  # What is streamed counts for itself.
            and announced is not None
            and announced.isdecimal()
            and "content-encoding" not in headers  # It is the length of what was packed.
            and operation_model.http.get("method") != "HEAD"
            and len(body) < int(announced)
        ):
            raise ConnectionClosedError(endpoint_url=endpoint)

    client.meta.events.register_first("before-parse.*.*", look)
