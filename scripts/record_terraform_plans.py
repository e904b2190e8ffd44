"""Ask a real Terraform what the configurations of the tests come to.

    python scripts/record_terraform_plans.py [CASE...]

Plans every folder of tests/unit/readers/terraform_cases (or those named) with the AWS provider and
renews their answers in tests/unit/readers/terraform_planned.json: for every resource what was
planned of the arguments that its block gives (null where it is computed later), and all outputs.
Needs `terraform`, and a folder with hashicorp/aws 5.100.0 in TERRAFORM_PLUGINS; no account.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

READERS = Path(__file__).parent.parent / "tests" / "unit" / "readers"
CASES = READERS / "terraform_cases"
ANSWERS = READERS / "terraform_planned.json"
PROVIDER = """
provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}
"""
VERSIONS = """
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}
"""


def main(arguments: list[str]) -> int:
    plugins = os.environ.get("TERRAFORM_PLUGINS")
    if plugins is None:
        print("TERRAFORM_PLUGINS names no folder", file=sys.stderr)
        return 1
    answers: dict[str, Any] = {}
    if ANSWERS.exists():
        answers = json.loads(ANSWERS.read_text(encoding="utf-8"))
    names = arguments or sorted(p.name for p in CASES.iterdir())
    for name in names:
        print(name, flush=True)
        answers[name] = answer(planned(CASES / name, plugins))
        kept = {name: answers[name] for name in sorted(answers) if (CASES / name).is_dir()}
        text = json.dumps(kept, indent=1, ensure_ascii=False, sort_keys=True)
        ANSWERS.write_text(text + "\n", encoding="utf-8")
    return 0


def planned(case: Path, plugins: str) -> dict[str, Any]:
    """The plan of a configuration, as `terraform show -json` prints it."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(case, folder, dirs_exist_ok=True)
        stated = any('provider "aws"' in p.read_text() for p in case.glob("*.tf"))
        name = "recording_override.tf" if stated else "recording.tf"
        Path(folder, name).write_text(PROVIDER)
        Path(folder, "versions.tf").write_text(VERSIONS)
        run(folder, "init", f"-plugin-dir={plugins}", "-input=false")
        run(folder, "plan", "-out=plan", "-input=false", "-refresh=false")
        found: dict[str, Any] = json.loads(run(folder, "show", "-json", "plan"))
        return found


def run(folder: str, *words: str) -> str:
    done = subprocess.run(
        ["terraform", *words], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(done.stdout + done.stderr)
    return done.stdout


def answer(plan: dict[str, Any]) -> dict[str, Any]:
    given = dict(arguments_of(plan["configuration"]["root_module"], ""))
    resources = {}
    for change in plan.get("resource_changes", ()):
        if change["mode"] == "managed":
            after = change["change"]["after"]
            if after.get("tags_all"):
                after["tags"] = after["tags_all"]  # with the provider's
            written = given[configured(change)]
            resources[change["address"]] = {k: after.get(k) for k in sorted(written)}
    outputs = {
        name: value["value"]
        for name, value in plan["planned_values"].get("outputs", {}).items()
        if "value" in value
    }
    return {"resources": resources, "outputs": outputs}


def configured(change: dict[str, Any]) -> str:
    """The address of a resource's block: `module.a["x"].aws_y.z[0]` is of `module.a.aws_y.z`."""
    path = "".join(f"{call}." for call in calls(change.get("module_address", "")))
    return f"{path}{change['type']}.{change['name']}"


def calls(address: str) -> Iterator[str]:
    rest = address
    while rest:
        name, _, rest = rest.removeprefix("module.").partition("module.")
        yield "module." + name.split("[", 1)[0].rstrip(".")


def arguments_of(module: dict[str, Any], path: str) -> Iterator[tuple[str, list[str]]]:
    for resource in module.get("resources", ()):
        yield f"{path}{resource['type']}.{resource['name']}", list(resource.get("expressions", ()))
    for name, call in module.get("module_calls", {}).items():
        yield from arguments_of(call["module"], f"{path}module.{name}.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
