"""Properties and attributes of Deployment Manager's types, out of Google's discovery documents.

    scripts/catalog-extract google_api_python_client-2.202.0-py3-none-any.whl    # `pip download`

A type's properties are the parameters of the API method that makes the resource, and the members of
that method's body; what may be referred to are the members of the answer of `get`. The documents
(Apache-2.0) are read; what is kept are facts: for each collection that the catalog names, one JSON
file under `tests/catalog_schemas/google-api/`:

    {"method": "compute.networks.insert", "required": ["name"], "answer": "@Network",
     "properties": {"mtu": "number", "routingConfig": "@NetworkRoutingConfig", ...},
     "schemas": {"NetworkRoutingConfig": {"routingMode": {"type": "string", "enum": [...]}}}}

`TYPES.json` tells which collection every native type stands for. Where Deployment Manager's type is
not the plain method, `ADAPTED` and `VIRTUAL` say how, with the source.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from scripts.catalog_check.extract import UnreadablePackage, write_extract

DOCUMENTS = "googleapiclient/discovery_cache/documents/"
COLLECTION = re.compile(r"gcp-types/([a-z]+)-(v\w+):(.+)\Z")
# Deployment Manager gives them itself: the project of the deployment.
GIVEN = frozenset({"project", "projectId", "name"})
_REQUIRED = re.compile(r"\W*required\b", re.I)
_OUTPUT = re.compile(r"\W*output only\b", re.I)

# Properties that Deployment Manager has beside the API's (None: that it does not have).
# Source: deploymentmanager-samples, google/resource-snippets/{pubsub,logging,iam,dns}-v*/*.jinja.
ADAPTED: dict[str, dict[str, Any]] = {
    "pubsub-v1.projects.topics": {"topic": "string", "name": None},
    "pubsub-v1.projects.subscriptions": {"subscription": "string", "name": None},
    "logging-v2.projects.sinks": {"sink": "string", "name": None, "parent": None},
    "iam-v1.projects.serviceAccounts": {
        "displayName": "string",
        "description": "string",
        "name": None,
    },
    "redis-v1.projects.locations.instances": {"name": None},
    "dns-v1.resourceRecordSets": {"records": "list(@ResourceRecordSet)"},
}
# Types that are no collection of the API: one member of one role, of a project or a bucket.
# Source: the same, google/resource-snippets/{cloudresourcemanager-v1/policies.jinja,
# tpu-v1alpha1/tpu.py}.
VIRTUAL: dict[str, dict[str, str]] = {
    "cloudresourcemanager-v1.virtual.projects.iamMemberBinding": {
        "resource": "string",
        "role": "string",
        "member": "string",
    },
    "storage-v1.virtual.buckets.iamMemberBinding": {
        "bucket": "string",
        "role": "string",
        "member": "string",
    },
}

Document = dict[str, Any]


def collection_of(types: Iterable[str]) -> str:
    """The collection that a kind's native types stand for, `compute-v1.instances`."""
    for name in types:
        found = COLLECTION.match(name)
        if found:
            return f"{found[1]}-{found[2]}.{found[3]}"
    raise UnreadablePackage(
        f"{', '.join(types)}: one must be of the form gcp-types/API-v1:resources"
    )


def extract_api(wheel: Path, kinds: Iterable[tuple[str, ...]], folder: Path) -> int:
    """Renew `folder` for the native types of each kind; how many collections there are."""
    types = {name: collection_of(names) for names in kinds for name in names}
    found: dict[str, dict[str, Any]] = {}
    with zipfile.ZipFile(wheel) as archive:
        for collection in sorted(set(types.values())):
            found[collection] = _virtual(collection) or _collection(archive, collection)
    source = {"name": "google-api-python-client", "file": wheel.name, "license": "Apache-2.0"}
    write_extract(found, source, folder)
    text = json.dumps(dict(sorted(types.items())), indent=1)
    (folder / "TYPES.json").write_text(text + "\n", encoding="utf-8")
    return len(found)


def _virtual(collection: str) -> dict[str, Any] | None:
    members = VIRTUAL.get(collection)
    if members is None:
        return None
    return {"required": sorted(members), "properties": members, "schemas": {}}


def _collection(archive: zipfile.ZipFile, collection: str) -> dict[str, Any]:
    api, _, path = collection.partition(".")
    name = api.replace("-", ".")
    try:
        document = json.loads(archive.read(f"{DOCUMENTS}{name}.json"))
    except KeyError as fault:
        raise UnreadablePackage(f"the package has no document {name}") from fault
    node = document
    for step in path.split("."):
        node = node.get("resources", {}).get(step)
        if node is None:
            raise UnreadablePackage(f"{name} has no collection {path}")
    return _Reader(document, collection, node["methods"]).read()


class _Reader:
    def __init__(self, document: Document, collection: str, methods: Document) -> None:
        self.document = document
        self.collection = collection
        self.make = methods.get("insert") or methods["create"]
        self.get = methods["get"]
        self.schemas: dict[str, dict[str, Any]] = {}

    def read(self) -> dict[str, Any]:
        parameters = self.make.get("parameters", {})
        body = self.document["schemas"][self.make["request"]["$ref"]]["properties"]
        adapted = ADAPTED.get(self.collection, {})
        properties = {name: self._field(said) for name, said in body.items()}
        properties |= {name: self._field(said) for name, said in parameters.items()}
        properties |= adapted
        properties = {name: said for name, said in properties.items() if said is not None}
        required = {name for name, said in parameters.items() if said.get("required")} | {
            name for name, said in body.items() if self._is_required(said)
        }
        answer = self._type(self.get["response"])
        self._reach(properties.values())
        return {
            "method": self.make["id"],
            "revision": self.document["revision"],
            "required": sorted(required - GIVEN - set(adapted)),
            "answer": answer,
            "properties": dict(sorted(properties.items())),
            "schemas": dict(sorted(self.schemas.items())),
        }

    def _is_required(self, said: Document) -> bool:
        named = said.get("annotations", {}).get("required", ())
        return self.make["id"] in named or bool(_REQUIRED.match(said.get("description", "")))

    def _field(self, said: Document) -> Any:
        kind = self._type(said)
        field: dict[str, Any] = {"type": kind}
        if "enum" in said:
            field["enum"] = said["enum"]
        if said.get("readOnly") or _OUTPUT.match(said.get("description", "")):
            field["readOnly"] = True
        return kind if len(field) == 1 else field

    def _type(self, said: Document) -> str:
        if "$ref" in said:
            self._schema(said["$ref"], self.document["schemas"][said["$ref"]])
            return f"@{said['$ref']}"
        kind = said.get("type")
        if kind == "array":
            return f"list({self._type(said['items'])})"
        if kind == "object" and "properties" in said:
            # An object without a name of its own gets one.
            name = f"_{len(self.schemas)}"
            self._schema(name, said)
            return f"@{name}"
        if kind == "object" and "additionalProperties" in said:
            return f"map({self._type(said['additionalProperties'])})"
        if kind in ("integer", "number") or said.get("format") == "int64":
            return "number"  # 64 bits are text in JSON; Deployment Manager takes numbers.
        return {"boolean": "bool", "string": "string"}.get(str(kind), "any")

    def _schema(self, name: str, said: Document) -> None:
        if name in self.schemas:
            return
        if "properties" not in said:
            self.schemas[name] = {}
            return
        fields = self.schemas[name] = {}
        for key, inner in said["properties"].items():
            fields[key] = self._field(inner)
        self.schemas[name] = dict(sorted(fields.items()))

    def _reach(self, fields: Iterable[Any]) -> None:
        """Schemas that only an adapted property names."""
        for said in fields:
            text = said if isinstance(said, str) else said["type"]
            for name in re.findall(r"@(\w+)", text):
                self._schema(name, self.document["schemas"].get(name, {}))


def referable(described: Mapping[str, Any], depth: int = 4) -> set[str]:
    """What may be referred to, dotted, list elements by index: `networkInterfaces.0.networkIP`."""
    found: set[str] = set()

    def walk(kind: str, prefix: str, left: int) -> None:
        while kind.startswith("list("):
            kind, prefix = kind[5:-1], f"{prefix}0."
        if not kind.startswith("@") or not left:
            return
        for name, said in described["schemas"].get(kind[1:], {}).items():
            found.add(f"{prefix}{name}")
            inner = said if isinstance(said, str) else said["type"]
            walk(inner, f"{prefix}{name}.", left - 1)

    walk(described.get("answer", ""), "", depth)
    return found
