"""Records which calls of AWS each function of infra/template.yaml makes: a plugin of pytest.

    DHARMA_TEST_WORLD=aws DHARMA_TEST_RECORD=calls.json pytest -p tests.recording tests/functions

A call is the function's whose handler is running; what a test itself calls is nobody's. The file:
for each function what it called, `[service, operation, on what, how often]`; a transaction is
taken apart into what it does to each item.
"""

from __future__ import annotations

import functools
import importlib
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.client import BaseClient

TEMPLATE = Path(__file__).resolve().parents[1] / "infra" / "template.yaml"
_running: ContextVar[str | None] = ContextVar("function", default=None)
_calls: dict[str, Counter[tuple[str, str, str]]] = {}


def pytest_configure(config: pytest.Config) -> None:
    for name, path in handlers().items():
        module = importlib.import_module(path.rpartition(".")[0])
        module.handler = _named(name, module.handler)
        _calls[name] = Counter()
    call = BaseClient._make_api_call

    def recorded(self: Any, operation: str, parameters: Mapping[str, Any]) -> Any:
        function = _running.get()
        if function is not None:
            service = self.meta.service_model.service_name
            _calls[function].update(taken_apart(service, operation, parameters))
        return call(self, operation, parameters)

    BaseClient._make_api_call = recorded


def pytest_runtest_teardown(item: pytest.Item) -> None:
    # After each test, so that a run that is ended tells what it has seen.
    found = {name: [[*key, n] for key, n in sorted(c.items())] for name, c in _calls.items()}
    Path(os.environ["DHARMA_TEST_RECORD"]).write_text(json.dumps(found, indent=1))


def handlers() -> dict[str, str]:
    """Handlers of the template's functions by logical id."""
    template = yaml.load(TEMPLATE.read_text(), Loader=_Loader)
    return {
        name: resource["Properties"]["Handler"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def taken_apart(
    service: str, operation: str, parameters: Mapping[str, Any]
) -> Iterator[tuple[str, str, str]]:
    if operation == "TransactWriteItems":
        for part in parameters["TransactItems"]:
            [(kind, what)] = part.items()
            yield service, f"{operation}/{kind}", what["TableName"]
    elif service == "dynamodb":
        index = f"/index/{parameters['IndexName']}" if "IndexName" in parameters else ""
        yield service, operation, f"{parameters['TableName']}{index}"
    else:
        on = parameters.get("Bucket", parameters.get("RoleArn", "*"))
        # Each test has a key of its own, and the installation one.
        yield service, operation, "dharma-key" if service == "kms" else on


def _named(name: str, handler: Any) -> Any:
    @functools.wraps(handler)
    def called(*arguments: Any) -> Any:
        reset = _running.set(name)
        try:
            return handler(*arguments)
        finally:
            _running.reset(reset)

    return called


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short tags as None: nothing here depends on them."""


_Loader.add_multi_constructor("!", lambda *_: None)
