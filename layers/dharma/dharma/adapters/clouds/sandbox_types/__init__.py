"""The CloudFormation types that the sandbox adapter completes, by service."""

from __future__ import annotations

from dharma.adapters.clouds.sandbox_types import (
    compute,
    ec2_network,
    ec2_security,
    identity,
    load_balancing,
    messaging,
    storage,
)
from dharma.adapters.clouds.sandbox_types.native_type import NativeType

TYPES: dict[str, NativeType] = {
    each.type: each
    for module in (
        ec2_network,
        ec2_security,
        compute,
        load_balancing,
        storage,
        identity,
        messaging,
    )
    for each in module.TYPES
}
