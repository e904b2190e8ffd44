"""A secret that all processes of an installation share, kept sealed in the store.

The first process that asks makes it; no setting has to be invented and kept for it.
"""

from __future__ import annotations

import base64
import contextlib
import secrets

from dharma.core.encryption import Sealer
from dharma.core.errors import VersionConflict
from dharma.core.store import Item, ItemStore

_PARTITION = "INSTALLATION"
_KEY_BYTES = 32


def shared_key(store: ItemStore, sealer: Sealer, purpose: str) -> bytes:
    """32 bytes for one purpose (`cursors`), the same for every process at any time."""
    sort_key = f"KEY#{purpose}"
    context = f"{_PARTITION}/{sort_key}"
    found = store.get(_PARTITION, sort_key)
    if found is None:
        fresh = base64.b64encode(secrets.token_bytes(_KEY_BYTES))
        record = Item(_PARTITION, sort_key, {"key": sealer.seal(fresh, context)}, type="key")
        # Whoever came first has made it.
        with contextlib.suppress(VersionConflict):
            store.put(record, expect_version=0)
        found = store.get(_PARTITION, sort_key)
        assert found is not None, "written above, by this process or another"
    return base64.b64decode(sealer.open(found.data["key"], context))
