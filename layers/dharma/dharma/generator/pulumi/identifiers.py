"""The identifiers of a program: free ones, in the manner of its language."""

from __future__ import annotations

import re
from itertools import chain, count

from dharma.generator.pulumi import python, typescript
from dharma.generator.pulumi.functions import Language
from dharma.generator.pulumi.names import camel

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class Identifiers:
    """What a program has named so far, beside the words that its language keeps for itself."""

    def __init__(self, language: Language) -> None:
        self._typescript = language == "typescript"
        self._taken = set(typescript.RESERVED if self._typescript else python.RESERVED)

    def spelled(self, name: str) -> str:
        """A name with underscores as the language's SDK spells it."""
        return camel(name) if self._typescript else name

    def take(self, name: str, suffix: str) -> str:
        """A free identifier, reserved from now on; `suffix` tells it from one that is not free."""
        wanted = self.spelled(name)
        return self._reserved(wanted, self._told_apart(wanted, suffix))

    def export(self, name: str) -> str:
        """The identifier of what the module exports: the name itself where that can be."""
        wanted = name.replace("-", "_")
        return self._reserved(wanted, f"{wanted}_output")

    def fresh(self, hint: str) -> str:
        """An identifier for the parameter of a function: it hides nothing, and stays free."""
        wanted = hint if _IDENTIFIER.match(hint) else "item"
        return self._free(wanted, self._told_apart(wanted, "Value"))

    def _told_apart(self, name: str, suffix: str) -> str:
        return name + (suffix if self._typescript else f"_{suffix.lower()}")

    def _reserved(self, wanted: str, otherwise: str) -> str:
        found = self._free(wanted, otherwise)
        self._taken.add(found)
        return found

    def _free(self, wanted: str, otherwise: str) -> str:
        numbered = (f"{otherwise}{number}" for number in count(2))
        candidates = chain((wanted, otherwise), numbered)
        return next(name for name in candidates if name not in self._taken)
