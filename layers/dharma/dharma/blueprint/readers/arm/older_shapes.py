"""What older versions of Azure's API say in other places than today's, moved to these.

Azure takes a template in the version that it names for ever; the catalog describes the newest one.
"""

from __future__ import annotations

from typing import NamedTuple

from dharma.model.expressions.nodes import Value


class _Move(NamedTuple):
    """From where a value goes to where; to nowhere what follows from `because`, if that is said."""

    old: str
    new: str | None = None
    because: str = ""


_MOVES: dict[str, tuple[_Move, ...]] = {
    # https://learn.microsoft.com/azure/templates/microsoft.storage/2015-06-15/storageaccounts
    "Microsoft.Storage/storageAccounts": (_Move("properties.accountType", "sku.name"),),
    # https://learn.microsoft.com/azure/templates/microsoft.sql/2014-04-01/servers/databases
    "Microsoft.Sql/servers/databases": (
        _Move("properties.requestedServiceObjectiveName", "sku.name"),
        _Move("properties.edition", "sku.tier"),
    ),
    # https://learn.microsoft.com/azure/templates/microsoft.web/2016-09-01/serverfarms
    "Microsoft.Web/serverfarms": (
        _Move("properties.name", because="name"),
        _Move("properties.numberOfWorkers", "sku.capacity"),
        _Move("properties.workerSize", because="sku.name"),
        _Move("properties.workerSizeId", because="sku.name"),
    ),
    # https://learn.microsoft.com/azure/templates/microsoft.web/2016-08-01/sites
    "Microsoft.Web/sites": (_Move("properties.name", because="name"),),
}


def in_todays_shape(native: str, arguments: dict[str, Value]) -> dict[str, Value]:
    """The arguments of a resource, where they stand in the newest version. What is said in both
    places stays where it is."""
    for move in _MOVES.get(native, ()):
        value = _at(arguments, move.old)
        goes = move.because if move.new is None else move.new
        if value is None or (_at(arguments, goes) is None) == (move.new is None):
            continue
        arguments = _with(arguments, move.old, None)
        if move.new is not None:
            arguments = _with(arguments, move.new, value)
    return arguments


def _at(holder: Value, path: str) -> Value:
    for step in path.split("."):
        holder = holder.get(_spelled(holder, step)) if isinstance(holder, dict) else None
    return holder


def _with(holder: dict[str, Value], path: str, value: Value) -> dict[str, Value]:
    """The object with a value at a path; without it where that is nothing."""
    step, _, rest = path.partition(".")
    step = _spelled(holder, step)
    if not rest:
        others = {key: said for key, said in holder.items() if key != step}
        return others if value is None else {**others, step: value}
    inner = holder.get(step)
    return {**holder, step: _with(inner if isinstance(inner, dict) else {}, rest, value)}


def _spelled(holder: dict[str, Value], step: str) -> str:
    """A member as the object has it: case does not count."""
    return next((key for key in holder if key.lower() == step.lower()), step)
