"""The key pair of tokens in the state directory: a private PEM file, beside it the public set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dharma.adapters.local.files import create_once, write_atomically
from dharma.adapters.local.keys import refuse_if_readable_by_others
from dharma.core.errors import Misconfigured


class FileSigningKeys:
    """Made on first use. Verifying reads the public file alone."""

    def __init__(self, directory: Path) -> None:
        self._private = directory / "token-signing.pem"
        self._public = directory / "token-public.json"

    def private_pem(self) -> bytes:
        from dharma.sso.tokens import new_signing_key

        if not self._private.exists():
            # Of several starters one key wins; all of them read it back.
            create_once(self._private, new_signing_key())
            # The public half of a key that is gone would refuse every token.
            self._public.unlink(missing_ok=True)
        refuse_if_readable_by_others(self._private)
        return self._private.read_bytes()

    def public_keys(self) -> dict[str, Any]:
        """The JSON Web Key Set."""
        from dharma.sso.tokens import public_keys

        if not self._public.exists():
            document = json.dumps(public_keys(self.private_pem()), indent=2) + "\n"
            write_atomically(self._public, document.encode())
        try:
            found: dict[str, Any] = json.loads(self._public.read_bytes())
        except ValueError as error:
            raise Misconfigured(f"DHARMA_STATE_DIR: {self._public} is damaged ({error})") from error
        return found
