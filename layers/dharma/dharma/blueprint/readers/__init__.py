"""Any source that the product understands, as a blueprint.

Which format a text is in is told by its contents: a blueprint says `apiVersion`, a template has
`Resources`, a configuration `resources`, a plan `planned_values`. Only Terraform code is told by
its name too (`.tf`).
"""

from __future__ import annotations

import json
import posixpath
import re
from pathlib import Path

from dharma.blueprint.readers.archives import is_archive, unpack
from dharma.blueprint.readers.arm.linked import LinkedTemplates
from dharma.blueprint.readers.arm.reader import read_arm
from dharma.blueprint.readers.cloudformation.reader import read_cloudformation
from dharma.blueprint.readers.deployment_manager import read_deployment_manager
from dharma.blueprint.readers.result import ReadResult, SourceFormat
from dharma.blueprint.readers.terraform.files import files_around
from dharma.blueprint.readers.terraform.opening import (
    read_folder,
    read_one,
    read_sent,
    read_sent_text,
)
from dharma.blueprint.readers.terraform.reader import Decide
from dharma.blueprint.readers.terraform_plan import MAX_BYTES, read_terraform_plan
from dharma.blueprint.readers.terraform_state import read_terraform_state
from dharma.blueprint.source import load_blueprint
from dharma.catalog import Catalog, load_catalog
from dharma.catalog.formats import native_format
from dharma.core.errors import Fault, InvalidTemplate, NotFound
from dharma.core.garbage import seldom_collected
from dharma.core.reading import read_bounded

__all__ = ["ReadResult", "read_file", "read_text", "sniff"]

_HEAD = 64 * 1024
_YAML_KEY = r"^[\"']?{}[\"']?[ \t]*:"


def read_file(
    path: str | Path,
    catalog: Catalog | None = None,
    *,
    expand: bool = False,
    decide: Decide | None = None,
) -> ReadResult:
    """Read a file, or the folder of a Terraform configuration; names go into faults and origins.

    `expand` and `decide` are for Terraform code, see `read_terraform`: analyses want it with values
    put in and loops written out. Raises `NotFound`, or as `read_text`.
    """
    here = Path(path)
    catalog = catalog or load_catalog()
    try:
        if here.is_dir():
            return read_folder(here, catalog, expand=expand, decide=decide)
        if here.name.endswith(TERRAFORM):
            return read_one(here, catalog, expand=expand, decide=decide)
        data = read_bounded(here, MAX_BYTES)
    except OSError as error:
        raise NotFound(f"{path}: {error.strerror}") from error
    return read_text(data, str(path), catalog, expand=expand, decide=decide, folder=here.parent)


@seldom_collected()
def read_text(
    data: str | bytes,
    file: str | None = None,
    catalog: Catalog | None = None,
    *,
    expand: bool = False,
    decide: Decide | None = None,
    folder: Path | None = None,
) -> ReadResult:
    """Read a blueprint, a CloudFormation or ARM template, a Deployment Manager configuration,
    Terraform code (also as a zip or tar.gz of its files), or the JSON of a Terraform plan or state.
    `folder` is where the file lies; ARM templates link to others of the same repository, without
    one of the same folder.

    Raises `InvalidBlueprint` or `InvalidTemplate` with all faults, `LimitExceeded`; for anything
    else an `InvalidTemplate` that says what it looks like.
    """
    if isinstance(data, bytes) and is_archive(data):
        sent = unpack(data, file)
        return read_sent(sent, catalog or load_catalog(), expand=expand, decide=decide)
    found = sniff(data, file)
    if found == "blueprint":
        return ReadResult(load_blueprint(data, file), (), "blueprint")
    catalog = catalog or load_catalog()
    if found == "cloudformation":
        return read_cloudformation(data, file, catalog)
    if found == "arm":
        return read_arm(data, file, catalog, _linked(folder, file))
    if found == "deployment-manager":
        return read_deployment_manager(data, file, catalog)
    if found == "terraform":
        return read_sent_text(data, file, catalog, expand=expand, decide=decide)
    if found == "terraform-state":
        return read_terraform_state(data, file, catalog)
    return read_terraform_plan(data, file, catalog)


def _linked(folder: Path | None, file: str | None) -> LinkedTemplates | None:
    if folder is None or file is None:
        return None
    named = posixpath.dirname(file)
    files, inside = files_around(folder, named)
    return LinkedTemplates(files, posixpath.join(inside, posixpath.basename(file)), file)


def sniff(data: str | bytes, file: str | None = None) -> SourceFormat:
    """The format of a text. Raises `InvalidTemplate` saying what it looks like instead."""
    text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
    if file is not None and file.endswith(TERRAFORM):
        return "terraform"
    if isinstance(data, bytes) and data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "blueprint"  # Its reader names the encoding.
    begin = text.lstrip("\ufeff \t\r\n")[:2]
    if begin in ("{%", "{#", "{{"):
        raise _not_understood(f"a Deployment Manager template (Jinja): {_EXPANDED}", file)
    if begin.startswith("{"):
        return _json_format(text, file)
    if _has(text, "apiVersion"):
        if not _has(text, "kind") or re.search(r"^kind:\s*[\"']?Blueprint\b", text, re.MULTILINE):
            return "blueprint"
        raise _not_understood("a Kubernetes manifest", file)
    if _has(text, "Resources") or _has(text, "AWSTemplateFormatVersion"):
        return "cloudformation"
    if _has(text, "resources") and (_has(text, "provider") or _has(text, "name")):
        return "blueprint"
    template = re.search(_JINJA, text[:_HEAD], re.MULTILINE) is not None
    if (_has(text, "resources") or _has(text, "imports")) and not template:
        return "deployment-manager"
    if re.search(_HCL, text[:_HEAD], re.MULTILINE):
        return "terraform"
    if template:
        raise _not_understood(f"a Deployment Manager template (Jinja): {_EXPANDED}", file)
    for looks, pattern in _OTHERS.items():
        if re.search(pattern, text[:_HEAD], re.MULTILINE):
            raise _not_understood(looks, file)
    if not text.strip("\ufeff \t\r\n"):
        raise _not_understood("an empty file", file)
    if "\0" in text[:_HEAD]:
        raise _not_understood("a binary file", file)
    if _has(text, "[A-Za-z]+"):
        return "blueprint"  # A YAML mapping: the blueprint reader says what is missing.
    raise _not_understood("no format that is known here", file)


TERRAFORM = (".tf", ".tf.json")
_HCL = r'^\s*(resource|data|module|variable|provider|output)\s+"[^"]+"|^\s*(terraform|locals)\s*\{'
_TERRAFORM_JSON = frozenset(
    {"resource", "data", "module", "variable", "provider", "output", "locals", "terraform", "//"}
)
_EXPANDED = (
    "templates are not executed; give what it expands to, as `gcloud deployment-manager manifests "
    "describe` prints it"
)
# What only a template has: a statement, its variables, or braces where YAML has a plain value.
_JINJA = (
    r"\{%|\{\{-?\s*(?:env|properties|imports)\b"
    r"|^[ -]*[\w.\"'-]+[ \t]*:[ \t]*[^\"'#|>\n]*\{\{|^[ ]*-[ ]+[^\"'#:\n]*\{\{"
)
_OTHERS = {
    f"a Deployment Manager template (Python): {_EXPANDED}": (
        r"^def\s+(GenerateConfig|generate_config|GlobalComputeUrl)\b"
    ),
    "the schema of a Deployment Manager template": r"^info\s*:",
    "Bicep source: compile it with `bicep build` and give the JSON": (
        r"^\s*(targetScope\s*=|param\s+\w+\s+\w|resource\s+\w+\s+'[^'@]+@)"
    ),
    "a zip archive": r"\APK\x03\x04",
}


def _has(text: str, key: str) -> bool:
    return re.search(_YAML_KEY.format(key), text, re.MULTILINE) is not None


def _json_format(text: str, file: str | None) -> SourceFormat:
    if '"planned_values"' in text and '"format_version"' in text[:_HEAD]:
        return "terraform-plan"
    try:
        found = json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        # Broken or not quite JSON: the reader of the likeliest format says where.
        if "eploymentTemplate.json" in text[:_HEAD]:
            return "arm"
        if '"planned_values"' in text or '"resource_changes"' in text:
            return "terraform-plan"
        return "cloudformation" if '"Resources"' in text else "blueprint"
    if "planned_values" in found or ("format_version" in found and "resource_changes" in found):
        return "terraform-plan"
    if "apiVersion" in found:
        return "blueprint"
    if "Resources" in found or "AWSTemplateFormatVersion" in found:
        return "cloudformation"
    if "terraform_version" in found:
        return "terraform-state"
    if found and found.keys() <= _TERRAFORM_JSON:
        return "terraform"
    schema = str(found.get("$schema"))
    if "eploymentTemplate" in schema:
        return "arm"
    if "eploymentParameters" in schema:
        looks = (
            "the parameters of an ARM template: give the template itself, and these as --var-file"
        )
        raise _not_understood(looks, file)
    if _is_configuration(found):
        return "deployment-manager"
    return "blueprint"


def _is_configuration(found: object) -> bool:
    """Whether a document lists resources of Deployment Manager's types."""
    resources = found.get("resources") if isinstance(found, dict) else None
    return isinstance(resources, list) and any(
        isinstance(resource, dict)
        and isinstance(resource.get("type"), str)
        and native_format(resource["type"]) == "deployment_manager"
        for resource in resources
    )


def _not_understood(looks: str, file: str | None) -> InvalidTemplate:
    fault = Fault(
        f"this looks like {looks}",
        file=file,
        line=1,
        column=1,
        hint="a blueprint, a CloudFormation or ARM template, a Deployment Manager configuration, "
        "Terraform code, or the JSON of a Terraform plan or state can be read",
    )
    return InvalidTemplate(str(fault), [fault])
