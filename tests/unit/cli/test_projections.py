"""`projections show` and `projections rebuild`, over the true functions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

JSON = ("--format", "json")
TEXT = """\
apiVersion: dharma/v1
kind: Blueprint
name: jobs
version: 1.0.0
provider: aws
resources:
  - {name: jobs, type: aws_sqs_queue, properties: {}}
"""


def test_statistics_are_made_anew_and_shown(dharma: Any, api: Any) -> None:
    assert "no deployments" in dharma("projections", "show").err
    Path("jobs.yaml").write_text(TEXT)
    assert dharma("env", "create", "dev").code == 0
    assert dharma("deploy", "jobs.yaml", "-e", "dev", "--detach").code == 0
    said = dharma("projections", "rebuild")
    assert said.out == "1 deployment(s) read from their histories, 0 record(s) repaired\n"
    assert dharma("projections", "rebuild", *JSON).json["finished"] is True
    lines = dharma("projections", "show").out.splitlines()
    assert lines[1].split() == ["dev", "in", "progress", "1"]
    assert dharma("projections", "show", *JSON).json["total"]["total"] == 1


def test_only_an_administrator_makes_them_anew(dharma: Any, api: Any) -> None:
    api.role = "editor"
    assert dharma("projections", "rebuild", *JSON).error["code"] == "Forbidden"
