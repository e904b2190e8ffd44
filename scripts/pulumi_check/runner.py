"""Runs Python programs of Pulumi under its mocks, in an environment that has its SDK and nothing of
the product: `runner.py FOLDER`. Prints what each registered, as one JSON object."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path
from typing import Any

import pulumi

# The key by which the SDK marks a secret on its way to the engine.
SECRET = "4dabf18193072939515e22adb298388d"
CALLS: dict[str, dict[str, Any]] = {
    "aws:index/getAvailabilityZones:getAvailabilityZones": {
        "names": ["zone-a", "zone-b", "zone-c"]
    },
    "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": "123456789012"},
    "aws:index/getPartition:getPartition": {"partition": "aws", "dnsSuffix": "amazonaws.com"},
    "aws:index/getRegion:getRegion": {"region": "eu-west-1"},
    "aws:ssm/getParameter:getParameter": {"value": "from-ssm"},
    "azure:core/getClientConfig:getClientConfig": {
        "subscriptionId": "a-subscription", "tenantId": "a-tenant", "objectId": "a-principal",
    },
}  # fmt: skip


class Mocks(pulumi.runtime.Mocks):
    """Every output that was not given has a value of its name."""

    def __init__(self, outputs: dict[str, dict[str, Any]]) -> None:
        self.outputs = outputs
        self.registered: list[dict[str, Any]] = []

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict]:
        inputs = plain(args.inputs)
        if not args.typ.startswith("pulumi:"):
            self.registered.append({"type": args.typ, "name": args.name, "inputs": inputs})
        told = self.outputs.get(class_of(args.typ), {})
        state = {name: made(kind, f"{args.name}:{name}") for name, kind in told.items()}
        return f"{args.name}:id", laid_over(state, args.inputs)

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
        return CALLS[args.token]


def class_of(token: str) -> str:
    """`aws:sqs/queue:Queue` as `aws.sqs.Queue`."""
    package, module, name = token.split(":")
    folder = module.split("/")[0]
    return f"{package}.{name}" if folder == "index" else f"{package}.{folder}.{name}"


def made(kind: Any, name: str) -> Any:
    """A value of a kind that tells where it is from."""
    if isinstance(kind, list):
        return [made(kind[0], f"{name}[{n}]") for n in range(2)]
    if isinstance(kind, dict):
        return {key: made(inner, f"{name}.{key}") for key, inner in kind.items()}
    return {"string": name, "number": 7, "bool": True}.get(kind, {})


def laid_over(state: Any, inputs: Any) -> Any:
    """What was given, and below it what only the cloud tells."""
    if isinstance(state, dict) and isinstance(inputs, dict):
        return {**state, **{k: laid_over(state.get(k), v) for k, v in inputs.items()}}
    return inputs


def plain(value: Any) -> Any:
    if isinstance(value, pulumi.FileAsset | pulumi.FileArchive):
        return value.path
    if isinstance(value, dict) and SECRET in value:
        return plain(value["value"])
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    return [plain(v) for v in value] if isinstance(value, list) else value


def run(folder: Path, outputs: dict[str, Any]) -> dict[str, Any]:
    told = json.loads((folder / "check.json").read_text(encoding="utf-8"))
    mocks = Mocks(outputs)
    pulumi.runtime.set_mocks(mocks, project=told["project"], stack="dev", preview=False)
    pulumi.runtime.set_all_config(told["config"])
    sys.path.insert(0, str(folder))
    sys.modules.pop("helpers", None)

    @pulumi.runtime.test
    def program() -> None:
        runpy.run_path(str(folder / "__main__.py"), run_name="__main__")

    try:
        program()
    except BaseException as error:  # noqa: BLE001  The program is the thing under test.
        return {"error": f"{type(error).__name__}: {error}"}
    finally:
        sys.path.remove(str(folder))
    return {"registered": mocks.registered}


if __name__ == "__main__":
    root = Path(sys.argv[1])
    kinds = json.loads((root / "outputs.json").read_text(encoding="utf-8"))
    programs = sorted(f.parent for f in root.glob("*/__main__.py"))
    print(json.dumps({f.name: run(f, kinds) for f in programs}))
