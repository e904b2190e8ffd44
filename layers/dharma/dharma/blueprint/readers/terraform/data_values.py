"""Attributes of data sources: values as far as they are certain, else a variable or unknown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dharma.blueprint.readers.terraform import data_sources
from dharma.blueprint.readers.terraform.addresses import words_of
from dharma.blueprint.readers.terraform.blocks import read_arguments
from dharma.blueprint.readers.terraform.body import Block
from dharma.model.blueprint import Variable
from dharma.model.expressions.nodes import ResourceRef, Symbol, Unknown, Value, VariableRef
from dharma.model.expressions.steps import follow
from dharma.model.origin import Origin

if TYPE_CHECKING:
    from dharma.blueprint.readers.terraform.modules import Module


def data_value(module: Module, address: str, ref: ResourceRef) -> Value:
    """An attribute of a data source, as far as it is certain."""
    block = module.configuration.data[address]
    loop = module.loop(address)
    key = ref.instance
    assert key is None or isinstance(key, int | str)
    scope = module.instance_scope(loop, key)
    name = str(ref.path[0])
    with module.reading.chain.within(f"{ref.address}.{name}"):
        if (address, key) not in module.data:
            module.data[address, key] = read_arguments(
                block.body, scope, module.fault(address), structural=module.structural(scope)
            )
        arguments = module.data[address, key]
        # Their names are those of the whole configuration already.
        whole = replace(scope, resource=module.deeper)
        value = data_sources.attribute(block.labels[0], arguments, name, whole)
    if value is not None:
        return follow(value, ref.path[1:], module.scope)
    if not module.reading.expand:
        return follow(_asked(module, ref, block, name, arguments), ref.path[1:], module.scope)
    return Unknown(f"{ref.address} is read when it is planned")


def _asked(
    module: Module, ref: ResourceRef, block: Block, name: str, arguments: data_sources.Arguments
) -> Value:
    """The variable that stands for what only a data source tells."""
    kind, label = block.labels
    # The form in which the writer of this project says a parameter of a template.
    named = arguments.get("name") == VariableRef(label)
    if named and (kind, name) == ("aws_ssm_parameter", "value"):
        return Symbol(("data", kind, label, "value"))
    key = [] if ref.instance is None else [str(ref.instance)]
    words = [*words_of(ref.address), *key, name]
    chosen = "_".join(words).replace("-", "_").replace(".", "_")
    if chosen not in module.reading.variables:
        described = f"{name} of data.{kind}.{label}"
        place = block.place
        module.reading.variables[chosen] = Variable(
            chosen,
            type="any" if name.endswith("s") else "string",
            required=True,
            description=described,
            origin=Origin(place.file, place.line, place.column, ref.address),
        )
        message = f"{name} is looked up by Terraform; here it is var.{chosen}"
        module.reading.tell("approximated", ref.address, name, message, place)
    return VariableRef(chosen)
