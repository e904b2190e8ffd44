"""Where Terraform keeps its state, said in one word: `s3://bucket/key?region=eu-west-1`."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

from dharma.core.errors import InvalidInput
from dharma.generator.code import AzureBackend, Backend, GcsBackend, S3Backend

FORMS = (
    "s3://BUCKET/KEY?region=REGION",
    "gcs://BUCKET/PREFIX",
    "azurerm://STORAGE_ACCOUNT/CONTAINER/KEY?resource_group=GROUP",
)
_HINT = "; write " + ", or ".join(FORMS)
_NAME = re.compile(r"[A-Za-z0-9._-]{1,128}\Z")
_MOST = 1024


def parse_backend(text: str, region: str | None = None) -> Backend:
    """The backend that a text names. `region` holds for a bucket that names none. Raises
    `InvalidInput` with the three forms."""
    try:
        url = urlsplit(text)
        words = dict(parse_qsl(url.query, strict_parsing=bool(url.query)))
    except ValueError as error:
        raise InvalidInput(f"--backend {text}: {error}{_HINT}") from error
    path = url.path.strip("/")
    if not _NAME.match(url.netloc) or not path or len(text) > _MOST or url.fragment:
        raise InvalidInput(f"--backend {text}: it names no place{_HINT}")
    known = {"s3": {"region"}, "gcs": set(), "azurerm": {"resource_group"}}.get(url.scheme)
    if known is None:
        raise InvalidInput(f"--backend {text}: there is no {url.scheme or 'such'} backend{_HINT}")
    if stray := sorted(words.keys() - known):
        raise InvalidInput(f"--backend {text}: {stray[0]} says nothing there{_HINT}")
    if url.scheme == "gcs":
        return GcsBackend(url.netloc, path)
    if url.scheme == "s3":
        where = words.get("region") or region
        if not where:
            raise InvalidInput(f"--backend {text}: the bucket's region is missing{_HINT}")
        return S3Backend(url.netloc, path, where)
    container, _, key = path.partition("/")
    group = words.get("resource_group")
    if not key or not group:
        raise InvalidInput(f"--backend {text}: container, key and resource_group belong to it"
                           f"{_HINT}")  # fmt: skip
    return AzureBackend(group, url.netloc, container, key)
