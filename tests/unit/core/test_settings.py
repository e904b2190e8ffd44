from __future__ import annotations

from pathlib import Path

import pytest

from dharma.core import project_files
from dharma.core.errors import Misconfigured
from dharma.core.settings import Settings


def test_production_is_the_default() -> None:
    settings = Settings.from_environment({})
    assert settings.runtime == "aws"
    assert settings.table_name is None
    assert settings.state_dir == Path(".dharma").absolute()


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    names = ("DHARMA_RUNTIME", "DHARMA_STATE_DIR", "DHARMA_MAX_BODY_BYTES", "AWS_ENDPOINT_URL")
    assert Settings.from_environment(dict.fromkeys(names, "")) == Settings.from_environment({})


def test_what_is_set_is_read() -> None:
    settings = Settings.from_environment(
        {
            "DHARMA_RUNTIME": "local",
            "DHARMA_STATE_DIR": "/var/lib/dharma",
            "DHARMA_LOG_LEVEL": "DEBUG",
            "DHARMA_MAX_BODY_BYTES": "2000",
            "DHARMA_TABLE": "dharma-dev",
            "DHARMA_TOKEN_JWKS": "",
        }
    )
    assert settings.runtime == "local"
    assert settings.state_dir == Path("/var/lib/dharma")
    assert settings.max_body_bytes == 2000
    assert (settings.table_name, settings.token_jwks) == ("dharma-dev", None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DHARMA_RUNTIME", "laptop"),
        ("DHARMA_LOG_LEVEL", "debug"),
        ("DHARMA_MAX_BODY_BYTES", "10"),
        ("DHARMA_MAX_BODY_BYTES", "1e6"),
        ("DHARMA_MAX_BODY_BYTES", "٣٠٠٠"),
        ("DHARMA_MAX_BODY_BYTES", "-1"),
        ("DHARMA_CACHE_URL", "127.0.0.1:6379"),
        ("DHARMA_CACHE_URL", "http://127.0.0.1:6379"),
        ("DHARMA_RATE_LIMIT", "0"),
        ("DHARMA_RATE_LIMIT", "many"),
        ("AWS_ENDPOINT_URL", "127.0.0.1:4566"),
        ("DHARMA_TOKEN_ISSUER", " "),
        ("DHARMA_STATE_DIR", "a\0b"),
    ],
)
def test_a_wrong_variable_is_named(name: str, value: str) -> None:
    with pytest.raises(Misconfigured, match=name):
        Settings.from_environment({name: value})


def test_all_wrong_variables_are_named_at_once() -> None:
    with pytest.raises(Misconfigured) as caught:
        Settings.from_environment({"DHARMA_RUNTIME": "x", "DHARMA_LOG_LEVEL": "y"})
    assert [f.path for f in caught.value.faults] == ["DHARMA_RUNTIME", "DHARMA_LOG_LEVEL"]


def test_files_of_the_project_are_found_in_the_checkout() -> None:
    assert (project_files.find("infra", {}) / "template.yaml").is_file()


def test_a_home_has_precedence_and_is_named_when_it_lacks_something(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    environment = {"DHARMA_HOME": str(tmp_path)}
    assert project_files.find("policies", environment) == tmp_path / "policies"
    with pytest.raises(Misconfigured, match="DHARMA_HOME"):
        project_files.find("infra", environment)
