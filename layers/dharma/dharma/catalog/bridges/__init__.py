"""What no mapping table can say, as named Python functions.

A bridge is named under `bridges` in a kind's section for a format. The fewer the better: each one
is a rule that readers of the kind file cannot see.
"""

from __future__ import annotations

from dharma.catalog.bridges.aws import AWS_BRIDGES
from dharma.catalog.bridges.azure import AZURE_BRIDGES
from dharma.catalog.bridges.bridge import Bridge
from dharma.catalog.bridges.gcp import GCP_BRIDGES

BRIDGES: dict[str, Bridge] = {**AWS_BRIDGES, **GCP_BRIDGES, **AZURE_BRIDGES}
