"""What all clusters of one blueprint share on their way to another cloud."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dharma.blueprint.crosscloud.references import References
from dharma.blueprint.crosscloud.variables import Variables
from dharma.catalog.catalog import Catalog
from dharma.model.blueprint import Blueprint
from dharma.model.expressions.nodes import VariableRef


@dataclass(frozen=True, slots=True)
class Journey:
    """`place` is where the target stands; `tags` are those that machines are found by, by the
    address of the group that they stand for."""

    blueprint: Blueprint
    catalog: Catalog
    references: References
    variables: Variables
    place: VariableRef
    tags: Mapping[str, str]
