"""`init`, `login`, `.iac-dharma.json` and the file of tokens."""

from __future__ import annotations

import json
import os
import pty
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from dharma.core.errors import InvalidInput
from dharma_cli import project, tokens

JSON = ("--format", "json")
FILE = Path(project.FILE)


def test_without_a_terminal_nothing_is_asked(dharma: Any) -> None:
    said = dharma("init")
    assert said.code == 0
    assert said.out == f"wrote {FILE.absolute()}\n"
    assert json.loads(FILE.read_text()) == {
        "name": "shop",
        "provider": "aws",
        "region": "us-east-1",
        "blueprint": "blueprint.yaml",
        "api": "http://127.0.0.1:3000",
    }


def test_what_is_stated_is_taken(dharma: Any) -> None:
    said = dharma("init", "--name", "web", "--region", "eu-west-1", "--blueprint", "w.yaml", *JSON)
    assert said.json["files"] == [str(FILE.absolute())]
    written = json.loads(FILE.read_text())
    assert (written["name"], written["region"], written["blueprint"]) == (
        "web",
        "eu-west-1",
        "w.yaml",
    )


def test_every_invalid_setting_is_named_and_nothing_written(dharma: Any) -> None:
    said = dharma("init", "--name", "No Name", "--provider", "ibm", "--region", "?", *JSON)
    assert said.error["code"] == "InvalidInput"
    assert [d["field"] for d in said.error["details"]] == ["name", "provider", "region"]
    assert not FILE.exists()


@pytest.mark.parametrize(
    ("provider", "usual", "wrong"),
    [
        ("aws", "us-east-1", "eastus"),
        ("azure", "eastus", "us-east-1"),
        ("gcp", "us-central1", "us-central"),
    ],
)
def test_a_region_is_one_of_its_provider(
    dharma: Any, provider: str, usual: str, wrong: str
) -> None:
    said = dharma("init", "--provider", provider, "--region", wrong, *JSON)
    assert f"{wrong!r} is no region of {provider}" in said.error["details"][0]["message"]
    assert not FILE.exists()
    assert dharma("init", "--provider", provider).code == 0
    assert json.loads(FILE.read_text())["region"] == usual


def test_what_is_there_is_overwritten_by_force_only(dharma: Any) -> None:
    dharma("init", "--name", "first")
    said = dharma("init", "--name", "second")
    assert said.code == 1
    assert "--force" in said.err
    assert json.loads(FILE.read_text())["name"] == "first"
    assert dharma("init", "--name", "second", "--force").code == 0
    assert json.loads(FILE.read_text())["name"] == "second"


def test_a_template_becomes_a_valid_blueprint(dharma: Any) -> None:
    names = dharma("info", *JSON).json["templates"]
    assert "aws/queue-worker" in names
    for name in names:
        assert dharma("init", "--template", name, "--force").code == 0
        said = dharma("validate", "blueprint.yaml")
        assert said.code == 0, said.out + said.err


def test_the_blueprint_of_a_template_names_the_schema_beside_it(dharma: Any) -> None:
    said = dharma("init", "--template", "gcp/data-lake", *JSON)
    assert said.code == 0
    settings = json.loads(FILE.read_text())
    assert (settings["provider"], settings["region"]) == ("gcp", "us-central1")
    first = Path("blueprint.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=./.iac-dharma.schema.json"
    schema = json.loads(Path(".iac-dharma.schema.json").read_text())
    document = yaml.safe_load(Path("blueprint.yaml").read_bytes())
    assert list(jsonschema.Draft202012Validator(schema).iter_errors(document)) == []
    document["resources"][0]["properties"]["nonsense"] = 1
    assert not jsonschema.Draft202012Validator(schema).is_valid(document)


def test_a_short_name_is_of_the_cloud_that_is_stated_or_ambiguous(dharma: Any) -> None:
    said = dharma("init", "--template", "data-lake", *JSON)
    assert said.error["code"] == "InvalidInput"
    assert "aws/data-lake, azure/data-lake, gcp/data-lake" in said.error["message"]
    assert dharma("init", "--template", "data-lake", "--provider", "azure").code == 0
    assert "provider: azure" in Path("blueprint.yaml").read_text()
    mixed = dharma("init", "--template", "aws/network", "--provider", "gcp", "--force", *JSON)
    assert "no template of gcp" in mixed.error["message"]


def test_a_template_overwrites_no_file_and_an_unknown_one_writes_none(dharma: Any) -> None:
    said = dharma("init", "--template", "nobody", *JSON)
    assert said.error["code"] == "NotFound"
    assert "queue-worker" in said.error["message"]
    assert not FILE.exists()
    Path("blueprint.yaml").write_text("mine")
    assert dharma("init", "--template", "queue-worker").code == 1
    assert Path("blueprint.yaml").read_text() == "mine"
    assert not FILE.exists()


def test_a_folder_that_cannot_be_written_is_an_error_and_not_a_crash(dharma: Any) -> None:
    Path("taken").write_text("a file where a folder should be")
    said = dharma("init", "--template", "queue-worker", "--blueprint", "taken/x.yaml", *JSON)
    assert said.error["code"] == "InvalidInput"
    assert not FILE.exists()


def test_on_a_terminal_it_asks_and_asks_again(tmp_path: Path) -> None:
    inner, outer = pty.openpty()
    folder = tmp_path / "shop"
    folder.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "dharma_cli.main", "init"],
        cwd=folder,
        stdin=outer,
        stdout=outer,
        stderr=outer,
        env={**os.environ, "TERM": "dumb"},
    )
    os.close(outer)
    for answer in ("Not A Name", "web-shop", "ibm", "aws", "", ""):
        os.write(inner, f"{answer}\n".encode())
    assert process.wait(60) == 0
    said = b""
    try:
        while part := os.read(inner, 4096):
            said += part
    except OSError:
        pass  # the other end is closed
    os.close(inner)
    text = said.decode()
    assert "'Not A Name' is no project name (lower case, like web-shop)" in text
    assert "unknown provider 'ibm' (one of aws, azure, gcp)" in text
    assert "Name of the project [shop]" in text
    written = json.loads((folder / FILE).read_text())
    assert (written["name"], written["region"]) == ("web-shop", "us-east-1")


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("{", ["is no JSON"]),
        ("\udc80", ["is no JSON"]),
        ("[]", ["must hold a JSON object"]),
        ("{}", ["name: is missing"]),
        ('{"name": 1, "colour": "red"}', ["colour: unknown setting", "name: must be a text"]),
        (
            '{"name": "X", "provider": "ibm", "region": "", "api": "ftp://x"}',
            ["name: ", "provider: unknown", "region: ", "api: "],
        ),
    ],
)
def test_faults_of_the_project_file_are_all_listed(
    dharma: Any, text: str, faults: list[str]
) -> None:
    FILE.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(InvalidInput) as caught:
        project.load(FILE)
    said = "\n".join([caught.value.message, *map(str, caught.value.faults)])
    assert all(fault in said for fault in faults), said
    assert dharma("deployments", "list", *JSON).error["code"] == "InvalidInput"


def test_the_project_file_is_found_above_the_working_folder(
    dharma: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    dharma("init", "--name", "above")
    below = Path("a/b")
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    found = project.current()
    assert found is not None
    assert found.name == "above"


def test_a_token_is_stored_for_its_address_and_for_nobody_else(
    dharma: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DHARMA_API", "http://127.0.0.1:3999/")
    said = dharma("login", "--role", "viewer", "--hours", "1", *JSON)
    assert said.json["role"] == "viewer"
    file = Path(said.json["file"])
    assert file == tokens.path()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    token = tokens.load("http://127.0.0.1:3999")
    assert token is not None
    assert token not in said.out
    assert tokens.load("http://127.0.0.1:3000") is None


def test_another_login_keeps_the_tokens_of_other_addresses(dharma: Any) -> None:
    tokens.save("http://one", "1")
    tokens.save("http://two/", "2")
    assert (tokens.load("http://one/"), tokens.load("http://two")) == ("1", "2")


@pytest.mark.parametrize("content", ["[1]", "{", '{"http://one": 7}', "\0"])
def test_a_broken_file_of_tokens_is_as_good_as_none(dharma: Any, content: str) -> None:
    tokens.path().parent.mkdir(parents=True)
    tokens.path().write_text(content)
    assert tokens.load("http://one") is None
    tokens.save("http://one", "1")
    assert tokens.load("http://one") == "1"


def test_a_file_of_tokens_that_is_a_folder_is_said(dharma: Any) -> None:
    tokens.path().mkdir(parents=True)
    assert dharma("deployments", "list", *JSON).error["code"] == "Misconfigured"
    assert dharma("login", *JSON).error["code"] == "Misconfigured"


def test_a_printed_token_is_all_that_is_printed(dharma: Any) -> None:
    said = dharma("login", "--print")
    assert said.code == 0
    assert said.out.count(".") == 2
    assert len(said.out.split()) == 1
    assert not tokens.path().exists()


def test_an_unknown_role_is_refused_with_those_that_there_are(dharma: Any) -> None:
    said = dharma("login", "--role", "root", *JSON)
    assert said.error["code"] == "InvalidInput"
    assert "admin, approver, editor, viewer" in said.error["message"]


@pytest.mark.parametrize(("port", "address"), [("3999", "3999"), ("0", "3000"), ("", "3000")])
def test_the_project_names_the_port_that_the_stack_will_have(
    dharma: Any, monkeypatch: pytest.MonkeyPatch, port: str, address: str
) -> None:
    monkeypatch.setenv("DHARMA_PORT", port)
    assert dharma("init").code == 0
    stated = json.loads(Path(".iac-dharma.json").read_text())
    assert stated["api"] == f"http://127.0.0.1:{address}"
