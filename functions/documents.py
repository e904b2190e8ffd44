"""Documents that are costly to write and the same for everybody, until the next release.

Their version is the digest of the code and data that they are written from. So the tag of a
document is known without the document, and a copy in the cache can never be an old one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from importlib.metadata import version as installed
from pathlib import Path

from aws_lambda_powertools.event_handler import Response

import dharma
from dharma.bootstrap import application

# The seed's time to live of cached answers.
CACHE_SECONDS = 300
_here: dict[str, str] = {}


def document(
    name: str, headers: Mapping[str, str], write: Callable[[], str], *, public: bool
) -> Response[str]:
    """The JSON document of this name, or 304 where the caller has it already.

    `headers` of the request. `public`: proxies may keep it too.
    """
    tag = f'"{version()}"'
    kept = {
        "ETag": tag,
        "Cache-Control": f"{'public' if public else 'private'}, max-age={CACHE_SECONDS}",
    }
    if _names(headers.get("if-none-match", ""), tag):
        return Response(304, body="", headers=kept)
    text = _here.get(name)
    if text is None:
        text = _here[name] = _from_cache(f"document/{name}/{version()}", write)
    return Response(200, "application/json", text, headers=kept)


def _from_cache(key: str, write: Callable[[], str]) -> str:
    cache = application().cache
    if cache is None:
        return write()
    found = cache.get(key)
    if found is not None:
        return found.decode()
    text = write()
    cache.set(key, text.encode(), seconds=CACHE_SECONDS)
    return text


def _names(condition: str, tag: str) -> bool:
    """Weak comparison, as RFC 9110 asks for If-None-Match."""
    offered = {part.strip().removeprefix("W/") for part in condition.split(",")}
    return bool(offered & {tag, "*"})


def forget() -> None:
    """Forget what this process has written, for tests."""
    _here.clear()


@lru_cache(maxsize=1)
def version() -> str:
    """Of the product as it is installed here, with the packages that shape its documents."""
    return digest_of([Path(str(dharma.__file__)).parent, Path(__file__).parent])


def digest_of(roots: Iterable[Path]) -> str:
    """Of code and data under these folders."""
    digest = hashlib.sha256()
    for package in ("aws-lambda-powertools", "pydantic"):
        digest.update(f"{package} {installed(package)}\n".encode())
    for root in roots:
        for file in sorted(root.rglob("*")):
            # What was compiled from them says nothing more, and differs from place to place.
            if file.suffix in (".py", ".yaml", ".json") and file.parent.name != "__compiled__":
                digest.update(f"{file.relative_to(root).as_posix()}\n".encode())
                digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:32]
