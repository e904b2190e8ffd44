"""A Terraform configuration as it was sent, for tests that look at what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dharma.blueprint.readers.result import ReadResult
from dharma.blueprint.readers.terraform.opening import read_sent
from dharma.catalog import load_catalog
from dharma.model.blueprint import Resource, Variable
from dharma.model.expressions.nodes import Value


def read(*, expand: bool = False, values: Mapping[str, Any] | None = None,
         **files: str) -> ReadResult:  # fmt: skip
    """The files by name, `main` for `main.tf`; `__` stands for a slash, so that `mod__main` is
    `mod/main.tf`. A name may also be whole, in a mapping (`**{"a.tf.json": ...}`)."""

    def decide(_: tuple[Variable, ...], beside: Mapping[str, Value]) -> Mapping[str, Any]:
        return {**beside, **(values or {})}

    sent = {
        (name if "." in name else f"{name.replace('__', '/')}.tf"): text.encode()
        for name, text in files.items()
    }
    return read_sent(sent, load_catalog(), expand=expand, decide=decide)


def resources(result: ReadResult) -> dict[str, Resource]:
    return {resource.address: resource for resource in result.blueprint.resources}


def properties(result: ReadResult, address: str) -> dict[str, Value]:
    return resources(result)[address].properties


def told(result: ReadResult) -> list[str]:
    return [f"{n.origin.file}:{n.origin.line} {n.address} {n.path}: {n.message}"
            for n in result.notes]  # fmt: skip
