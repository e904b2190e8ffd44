"""Where Terraform code comes from: a folder on disk, one file of it, or files that were sent."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping
from pathlib import Path

from dharma.blueprint.readers.result import ReadResult
from dharma.blueprint.readers.terraform.configuration import is_configuration
from dharma.blueprint.readers.terraform.files import SentFiles, files_around, is_file
from dharma.blueprint.readers.terraform.reader import Decide, read_terraform
from dharma.catalog import Catalog
from dharma.core.errors import Fault, InvalidTemplate, NotFound


def read_folder(
    folder: Path, catalog: Catalog, *, expand: bool = False, decide: Decide | None = None
) -> ReadResult:
    """Read the Terraform code of a folder. Modules may lie anywhere in the same repository (below
    the nearest folder with a `.git`), else below the folder itself.

    Raises `NotFound` for a folder without Terraform code, and as `read_terraform`.
    """
    with os.scandir(folder) as entries:
        there = any(is_configuration(entry.name) and is_file(entry) for entry in entries)
    if not there:
        raise NotFound(f"{folder}: there is no Terraform code in this folder (*.tf, *.tf.json)")
    files, inside = files_around(folder, str(folder))
    return read_terraform(files, inside, catalog, expand=expand, decide=decide)


def read_one(
    path: Path, catalog: Catalog, *, expand: bool = False, decide: Decide | None = None
) -> ReadResult:
    """Read one file by itself; what its neighbours would say is unknown."""
    named = str(path.parent)
    files, inside = files_around(path.parent, "" if named == "." else named)
    return read_terraform(files, inside, catalog, only=path.name, expand=expand, decide=decide)


def read_sent(
    sent: Mapping[str, bytes],
    catalog: Catalog,
    *,
    expand: bool = False,
    decide: Decide | None = None,
) -> ReadResult:
    """Read files that were sent, by path. The root module is the highest folder with Terraform
    code. Raises `InvalidTemplate` where there is none, or more than one."""
    folders = {
        posixpath.dirname(path) or "."
        for path in sent
        if is_configuration(posixpath.basename(path))
    }
    highest = min((_depth(folder) for folder in folders), default=0)
    roots = sorted(folder for folder in folders if _depth(folder) == highest)
    if len(roots) != 1:
        message = "there is no Terraform code in these files"
        hint = "*.tf or *.tf.json"
        if roots:
            message = "which of several folders is the root module cannot be told"
            hint = ", ".join(roots[:8])
        fault = Fault(message, hint=hint)
        raise InvalidTemplate(str(fault), [fault])
    return read_terraform(SentFiles(sent), roots[0], catalog, expand=expand, decide=decide)


def read_sent_text(
    data: str | bytes,
    file: str | None,
    catalog: Catalog,
    *,
    expand: bool = False,
    decide: Decide | None = None,
) -> ReadResult:
    """Read one text by itself; `file` is the name that people know it by."""
    text = data.encode() if isinstance(data, str) else data
    is_json = text[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    name = "main.tf.json" if is_json else "main.tf"
    files = SentFiles({name: text}, {name: file or name})
    return read_terraform(files, ".", catalog, only=name, expand=expand, decide=decide)


def _depth(folder: str) -> int:
    return 0 if folder == "." else folder.count("/") + 1
