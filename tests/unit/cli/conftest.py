"""The command line in the test's process. What needs the API gets the true functions behind the
template's routes, with their parts in memory: no socket, no process; milliseconds a call."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from dharma import bootstrap
from dharma.adapters.local.artifacts import MemoryArtifacts
from dharma.adapters.local.keys import FileKeys
from dharma.adapters.local.memory_store import MemoryStore
from dharma.bootstrap import Application
from dharma.core.clock import FixedClock, epoch_seconds
from dharma.core.encryption import Cipher
from dharma.core.project_files import find
from dharma.core.settings import Settings
from dharma.core.workflows import MemoryWorkflows
from dharma.orchestrator.artifacts import artifact_key
from dharma.orchestrator.repository import Appended, Deployments
from dharma_cli import client, main
from dharma_cli.client import Client
from dharma_local.functions import load_handler
from dharma_local.gateway.payload import Request, body_of, build_event, read_answer
from dharma_local.gateway.routes import ENCODED_SLASH, Router
from dharma_local.template import Template
from dharma_local.template_reading import load_template

TENANT = "acme"


@dataclass(frozen=True)
class Said:
    """What one command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output is this one document and nothing else."""
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        assert self.code == 1, self.out + self.err
        return self.json["error"]


CommandLine = Callable[..., Said]


@pytest.fixture
def dharma(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> CommandLine:
    """`iac-dharma`, in an empty folder, with nothing of the user's own."""
    for name in ("DHARMA_API", "DHARMA_TOKEN", "DHARMA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DHARMA_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    folder = tmp_path / "shop"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def call(*words: object) -> Said:
        capsys.readouterr()
        code = main.run([str(word) for word in words])
        caught = capsys.readouterr()
        return Said(code, caught.out, caught.err)

    return call


@dataclass
class Api:
    """The functions of the template behind an HTTP transport. `role` is the caller's."""

    application: Application
    clock: FixedClock
    role: str = "admin"

    def __post_init__(self) -> None:
        self.template = _template()
        self.router = Router(self.template.routes)
        self.requests: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(f"{request.method} {request.url.raw_path.decode()}")
        raw = request.url.raw_path.decode().partition("?")[0]
        match = self.router.match(request.method, unquote(raw.replace("%2F", ENCODED_SLASH)))
        if match is None:
            return httpx.Response(404, json={"message": "Not Found"})
        asked = Request(
            request.method,
            request.url.path,
            request.url.query.decode(),
            tuple((name.lower(), value) for name, value in request.headers.items()),
            "127.0.0.1",
        )
        event = build_event(
            asked,
            route_key=match.route.key,
            parameters=match.parameters,
            request_id="request-1",
            moment=datetime.now(UTC),
            authorizer={
                "sub": f"ada-{self.role}",
                "tenant": TENANT,
                "roles": self.role,
                "exp": epoch_seconds(self.clock.now()) + 600,
            },
        )
        event |= body_of(asked, request.content)
        handler = load_handler(self.template.functions[match.route.function].handler)
        answer = read_answer(json.loads(json.dumps(handler(event, _Context()))))
        return httpx.Response(answer.status, headers=list(answer.headers), content=answer.body)

    def tell(self, deployment: str, *entries: tuple[str, Mapping[str, Any]]) -> None:
        """What the steps of the state machine would have added to a history."""
        appended = Appended([(type, dict(data)) for type, data in entries])
        Deployments(self.application.store, self.clock).append(
            TENANT, deployment, lambda _: appended
        )

    def write(self, deployment: str, name: str, document: Any) -> None:
        """A document that a step would have written."""
        key = artifact_key(TENANT, deployment, f"{name}.json")
        self.application.artifacts.put(key, json.dumps(document).encode())


@cache
def _template() -> Template:
    return load_template(find("infra") / "template.yaml")


class _Context:
    function_name = "api"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:api"
    aws_request_id = "lambda-request"


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    clock = FixedClock()
    application = Application(
        Settings.from_environment(
            {"DHARMA_RUNTIME": "local", "DHARMA_STATE_DIR": str(tmp_path / "server")}
        ),
        clock=clock,
        store=MemoryStore(clock),
        artifacts=MemoryArtifacts(),
        workflows=MemoryWorkflows(),
        cipher=Cipher(FileKeys(tmp_path / "keys.json")),
    )
    made = Api(application, clock)
    before = bootstrap.use(application)
    handlers = logging.getLogger().handlers[:]
    # The server's log has another stream in real life.
    logging.disable()
    monkeypatch.setattr(
        client, "connect", lambda: Client("http://api.test", "t", httpx.MockTransport(made))
    )
    yield made
    logging.disable(logging.NOTSET)
    logging.getLogger().handlers[:] = handlers
    bootstrap.use(before)


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Callable[[httpx.Response], None]:
    """Let the API give one answer to everything."""

    def use(response: httpx.Response) -> None:
        transport = httpx.MockTransport(lambda _: response)
        monkeypatch.setattr(client, "connect", lambda: Client("http://api.test", "t", transport))

    return use


BLUEPRINT = """\
apiVersion: dharma/v1
kind: Blueprint
name: jobs
version: 1.0.0
provider: aws
variables:
  - {name: stage, type: string, default: dev, allowed: [dev, prod]}
  - {name: word, type: string, default: plain}
resources:
  - name: jobs
    type: aws_sqs_queue
    properties:
      name: jobs-${var.stage}
      sqs_managed_sse_enabled: true
      tags: {word: "${var.word}"}
"""


@pytest.fixture
def blueprint(dharma: CommandLine) -> Path:
    """A small valid blueprint that no policy objects to, in the working folder."""
    file = Path("jobs.yaml")
    file.write_text(BLUEPRINT, encoding="utf-8")
    return file
