"""Reading what others wrote: in a process of its own, under limits (`dharma.core.box`).

What people and requests hand over is read by these; `dharma.blueprint.readers` has the same names
without a box, for what this program has just written itself. `decide` runs in the box too: whatever
it has to fetch has to be fetched before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from dharma.blueprint import readers
from dharma.blueprint.box import limits
from dharma.blueprint.readers.result import ReadResult
from dharma.blueprint.readers.terraform.files import printable
from dharma.blueprint.readers.terraform.opening import read_sent as read_sent_unboxed
from dharma.blueprint.readers.terraform.reader import Decide
from dharma.blueprint.readers.terraform_plan import MAX_BYTES
from dharma.catalog import Catalog, load_catalog
from dharma.core.box import boxed
from dharma.core.errors import Fault, LimitExceeded, NotFound
from dharma.core.reading import read_bounded

__all__ = ["read_file", "read_sent", "read_text"]


def read_file(
    path: str | Path,
    catalog: Catalog | None = None,
    *,
    expand: bool = False,
    decide: Decide | None = None,
) -> ReadResult:
    """As `readers.read_file`; raises what `boxed` raises, too."""
    catalog = catalog or load_catalog()
    here = Path(path)
    if here.is_dir() or here.name.endswith(readers.TERRAFORM):
        return _boxed(
            lambda: readers.read_file(path, catalog, expand=expand, decide=decide), str(path)
        )
    # Read here: it may be a pipe that only this process has open (`<(command)`).
    try:
        data = read_bounded(here, MAX_BYTES)
    except OSError as error:
        raise NotFound(f"{path}: {error.strerror}") from error
    folder = here.parent if here.is_file() else None
    return read_text(
        data, printable(str(path)), catalog, expand=expand, decide=decide, folder=folder
    )


def read_text(
    data: str | bytes,
    file: str | None = None,
    catalog: Catalog | None = None,
    *,
    expand: bool = False,
    decide: Decide | None = None,
    folder: Path | None = None,
) -> ReadResult:
    """As `readers.read_text`; raises what `boxed` raises, too."""
    catalog = catalog or load_catalog()
    return _boxed(
        lambda: readers.read_text(data, file, catalog, expand=expand, decide=decide, folder=folder),
        file,
    )


def read_sent(
    sent: Mapping[str, bytes],
    catalog: Catalog,
    *,
    expand: bool = False,
    decide: Decide | None = None,
) -> ReadResult:
    """As `opening.read_sent`; raises what `boxed` raises, too."""
    return _boxed(lambda: read_sent_unboxed(sent, catalog, expand=expand, decide=decide), None)


def _boxed(work: Callable[[], ReadResult], file: str | None) -> ReadResult:
    """In the box; a limit that is one of all files together is said of what was to be read."""
    try:
        return boxed(work, file, limits())
    except LimitExceeded as error:
        if error.faults or file is None:
            raise
        fault = Fault(error.message, file=None if file in error.message else file)
        raise LimitExceeded(str(fault), [fault]) from error
