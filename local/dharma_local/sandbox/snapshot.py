"""A short cut through a long recording: the emulator's state after its first so many requests.

Replaying thousands of requests takes a while, so now and then the whole state is written to a file,
and a start replays only what came after it. The recording stays the truth: a snapshot of another
version of the emulator or of another recording, or one that cannot be read, is left aside.

Only a recording that has become very long is cut, behind a *base*: a state that nothing can make
again. It is read by another version of the emulator as well, as far as that goes.

The state is a graph of the emulator's own objects, so it is pickled; the file lies beside the
recording, for this user alone, and nothing else is ever unpickled.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import pickle
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, get_args

import moto
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from moto.core.base_backend import BackendDict
from moto.moto_api._internal import mock_random
from moto.utilities.id_generator import moto_id_manager

from dharma_local.sandbox.account import Unusable
from dharma_local.sandbox.recording import Recording

_MADE_BY = f"moto {moto.__version__}, Python {sys.version_info.major}.{sys.version_info.minor}"
_LOCKS = {type(threading.Lock()): threading.Lock, type(threading.RLock()): threading.RLock}
_PRIVATE_KEYS: tuple[type, ...] = get_args(PrivateKeyTypes)
# The services that somebody has used: the emulator's own list.
_USED: list[Any] = vars(BackendDict)["_instances"]
_AWS_POLICY = "policy of AWS: "
# Shorter texts are not worth a look.
_LONG = 200
_SINGLETONS = {"random": mock_random, "ids": moto_id_manager}


class SnapshotFile:
    """The files beside a recording: `path`, and bases named after how many requests they hold."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def save(self, recording: Recording) -> int:
        """`Unusable` when something in the state cannot be pickled. That it can be read back is
        seen when it is: a second copy of the whole state here would double its memory."""
        return _write(self._path, (_MADE_BY, recording.count, *recording.fingerprint()))

    def restore(self, recording: Recording) -> int:
        """`Unusable`, and nothing changed, when the snapshot is not of the beginning of this
        recording."""
        (made_by, count, length, digest), body = _read(self._path)
        if made_by != _MADE_BY:
            raise Unusable(f"it was made by {made_by}")
        if not recording.begins_with(length, digest):
            raise Unusable("it belongs to another recording")
        _put(_load(body))
        return int(count)

    def forget(self) -> None:
        self._path.unlink(missing_ok=True)

    def save_base(self, count: int) -> tuple[str, int]:
        file = self._path.with_name(f"{self._path.stem}.base-{count}")
        return file.name, _write(file, (_MADE_BY, count, 0, ""))

    def restore_base(self, name: str) -> int:
        (made_by, *_), body = _read(self._path.with_name(name))
        if made_by != _MADE_BY:
            print(f"{name} was made by {made_by}", file=sys.stderr, flush=True)
        _put(_load(body))
        return len(body)

    def keep_base(self, name: str | None) -> None:
        for file in self._path.parent.glob(f"{self._path.stem}.base-*"):
            if file.name != name:
                file.unlink()


def _write(path: Path, head: tuple[str, int, int, str]) -> int:
    """Write the present state; how many bytes that are."""
    _forget_executed_change_sets()
    new = path.with_suffix(".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        start = pickle.dumps(head)
        file.write(len(start).to_bytes(4, "big") + start)
        try:
            _Pickler(file, protocol=pickle.HIGHEST_PROTOCOL).dump(_state())
        except Exception as error:
            raise Unusable(f"the state cannot be written down: {error!r}") from error
        file.flush()
        os.fsync(file.fileno())
        size = file.tell()
    new.replace(path)
    return size


def _read(path: Path) -> tuple[tuple[str, int, int, str], bytes]:
    """Head and body; the body is not read yet."""
    with _what_a_damaged_file_raises():
        data = path.read_bytes()
        size = int.from_bytes(data[:4], "big")
        made_by, count, length, digest = pickle.loads(data[4 : 4 + size])  # noqa: S301 - see above
        return (made_by, count, length, digest), data[4 + size :]


def _load(body: bytes) -> dict[str, Any]:
    with _what_a_damaged_file_raises():
        state: dict[str, Any] = _Unpickler(io.BytesIO(body)).load()
        return state


@contextmanager
def _what_a_damaged_file_raises() -> Iterator[None]:
    try:
        yield
    except (
        OSError,
        EOFError,
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
        ImportError,
        pickle.UnpicklingError,
    ) as error:
        raise Unusable(repr(error)) from error


def _put(state: dict[str, Any]) -> None:
    """Put the emulator into a state."""
    for name, (accounts, extra) in state.items():
        service = _global(name)
        service.clear()
        service.update(accounts)
        vars(service).update(extra)
        if service not in _USED:
            _USED.append(service)


def _forget_executed_change_sets() -> None:
    """Each holds a whole template, and the emulator would keep them for ever."""
    for service in _USED:
        if service.service_name != "cloudformation":
            continue
        for _, _, backend in service.iter_backends():
            for name, change_set in list(backend.change_sets.items()):
                if change_set.execution_status == "EXECUTE_COMPLETE":
                    del backend.change_sets[name]


def _state() -> dict[str, Any]:
    return {
        _name_of(service): (
            dict(service.items()),
            {k: v for k, v in vars(service).items() if k == "bucket_accounts"},
        )
        for service in _USED
    }


class _Pickler(pickle.Pickler):
    """Locks are made anew, private keys travel as PEM, what exists once is named, not copied."""

    def persistent_id(self, value: Any) -> str | None:
        if type(value) is str:
            return _aws_documents()[0].get(value) if len(value) >= _LONG else None
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
        if name.startswith(_AWS_POLICY):
            return _aws_documents()[1][name]
        return _SINGLETONS[name] if name in _SINGLETONS else _global(name)


@cache
def _aws_documents() -> tuple[dict[str, str], dict[str, str]]:
    """The documents of AWS's own policies, which the emulator has for every partition, and their
    names: name by text, and text by name. They are nine tenths of the state of a small account."""
    data = importlib.import_module("moto.iam.aws_managed_policies").aws_managed_policies_data
    texts = {
        f"{_AWS_POLICY}{name}": json.dumps(policy.get("Document"))
        for name, policy in json.loads(data).items()
    }
    return {text: name for name, text in texts.items()}, texts


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
