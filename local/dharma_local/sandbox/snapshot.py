"""A short cut through a long recording: the emulator's state after its first so many requests.

Replaying thousands of requests takes a while, so now and then the whole state is written to a file,
and a start replays only what came after it. The recording stays the truth: a snapshot of another
version of the emulator or of another recording, or one that cannot be read, is left aside.

The state is a graph of the emulator's own objects, so it is pickled; the file lies beside the
recording, for this user alone, and nothing else is ever unpickled.
"""

from __future__ import annotations

import hashlib
import importlib
import io
import os
import pickle
import sys
import threading
from pathlib import Path
from typing import Any, get_args

import moto
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from moto.core.base_backend import BackendDict
from moto.moto_api._internal import mock_random
from moto.utilities.id_generator import moto_id_manager

from dharma_local.sandbox.account import Unusable

_MADE_BY = f"moto {moto.__version__}, Python {sys.version_info.major}.{sys.version_info.minor}"
_LOCKS = {type(threading.Lock()): threading.Lock, type(threading.RLock()): threading.RLock}
_PRIVATE_KEYS: tuple[type, ...] = get_args(PrivateKeyTypes)
# The services that somebody has used: the emulator's own list.
_USED: list[Any] = vars(BackendDict)["_instances"]
_SINGLETONS = {"random": mock_random, "ids": moto_id_manager}


def save(path: Path, count: int, recorded: bytes) -> None:
    """Write the present state, reached by the first `count` requests; `recorded` is their text.

    `Unusable` when something in it cannot be pickled. That it can be read back is seen when it is:
    a second copy of the whole state in this process would double its memory.
    """
    _forget_executed_change_sets()
    try:
        body = _dump()
    except Exception as error:
        raise Unusable(f"the state cannot be written down: {error!r}") from error
    head = pickle.dumps((_MADE_BY, count, len(recorded), hashlib.sha256(recorded).hexdigest()))
    new = path.with_suffix(".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(len(head).to_bytes(4, "big") + head + body)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def restore(path: Path, recorded: bytes) -> int:
    """Put the emulator into the saved state; how many requests it stands for.

    `Unusable`, and nothing changed, when the snapshot is not of the beginning of this recording.
    """
    try:
        data = path.read_bytes()
        size = int.from_bytes(data[:4], "big")
        made_by, count, length, digest = pickle.loads(data[4 : 4 + size])  # noqa: S301 - see above
        if made_by != _MADE_BY:
            raise Unusable(f"it was made by {made_by}")
        if hashlib.sha256(recorded[:length]).hexdigest() != digest:
            raise Unusable("it belongs to another recording")
        state = _load(data[4 + size :])
    except (
        OSError,
        EOFError,
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
        ImportError,
    ) as e:
        raise Unusable(repr(e)) from e
    except pickle.UnpicklingError as error:
        raise Unusable(repr(error)) from error
    for name, (accounts, extra) in state.items():
        service = _global(name)
        service.clear()
        service.update(accounts)
        vars(service).update(extra)
        if service not in _USED:
            _USED.append(service)
    return int(count)


class SnapshotFile:
    """Where the snapshot of a recording is kept; the account asks it when to save."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def save(self, count: int, recorded: bytes) -> None:
        save(self._path, count, recorded)

    def restore(self, recorded: bytes) -> int:
        return restore(self._path, recorded)


def _forget_executed_change_sets() -> None:
    """Each holds a whole template, and the emulator would keep them for ever."""
    for service in _USED:
        if service.service_name != "cloudformation":
            continue
        for _, _, backend in service.iter_backends():
            for name, change_set in list(backend.change_sets.items()):
                if change_set.execution_status == "EXECUTE_COMPLETE":
                    del backend.change_sets[name]


def _dump() -> bytes:
    state = {
        _name_of(service): (
            dict(service.items()),
            {k: v for k, v in vars(service).items() if k == "bucket_accounts"},
        )
        for service in _USED
    }
    buffer = io.BytesIO()
    _Pickler(buffer, protocol=pickle.HIGHEST_PROTOCOL).dump(state)
    return buffer.getvalue()


def _load(body: bytes) -> dict[str, Any]:
    state: dict[str, Any] = _Unpickler(io.BytesIO(body)).load()
    return state


class _Pickler(pickle.Pickler):
    """Locks are made anew, private keys travel as PEM, what exists once is named, not copied."""

    def persistent_id(self, value: Any) -> str | None:
        for name, singleton in _SINGLETONS.items():
            if value is singleton:
                return name
        return _name_of(value) if isinstance(value, BackendDict) else None

    def reducer_override(self, value: Any) -> Any:
        if type(value) in _LOCKS:
            return _LOCKS[type(value)], ()
        if isinstance(value, _PRIVATE_KEYS):
            key: Any = value
            text = key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            return _private_key, (text,)
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def persistent_load(self, name: str) -> Any:
        return _SINGLETONS[name] if name in _SINGLETONS else _global(name)


def _private_key(text: bytes) -> PrivateKeyTypes:
    return serialization.load_pem_private_key(text, None)


def _name_of(service: Any) -> str:
    """`moto.ec2.models:ec2_backends`: the module variable that holds a service's state."""
    package = service.backend.__module__
    while package.count(".") > 0:
        for module in (package, f"{package}.models"):
            for name, value in vars(sys.modules.get(module, object)).items():
                if value is service:
                    return f"{module}:{name}"
        package = package.rpartition(".")[0]
    raise LookupError(f"nothing names the state of {service.service_name}")


def _global(name: str) -> Any:
    module, _, variable = name.partition(":")
    return getattr(importlib.import_module(module), variable)
