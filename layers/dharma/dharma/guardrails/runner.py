"""Carries packages through a worker, and replaces the worker when one of them ends it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dharma.core.errors import Unavailable
from dharma.guardrails.library import Policy, PolicyLibrary
from dharma.guardrails.process import Module, WorkerDied, WorkerProcess

Answer = tuple[Policy, dict[str, Any]]
"""A policy and `{"value": rules by name}` or `{"error": text}`."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one evaluation may cost. `memory_bytes` is the worker's whole address space; a package
    has `seconds_per_package` and `seconds_per_megabyte` of the document."""

    memory_bytes: int = 1 << 30
    seconds_per_package: float = 5.0
    seconds_per_megabyte: float = 2.0
    seconds_to_load: float = 5.0
    seconds_for_input: float = 20.0
    seconds_in_all: float = 60.0
    document_bytes: int = 64 << 20

    def seconds_for_package(self, document_bytes: int) -> float:
        return self.seconds_per_package + self.seconds_per_megabyte * document_bytes / (1 << 20)


@dataclass(frozen=True, slots=True)
class _Unit:
    """One package and the policies (files) that make it up."""

    package: str
    policies: tuple[Policy, ...]

    def speaker(self) -> Policy:
        """The policy that findings name: the file, or the package where several files share it."""
        first = self.policies[0]
        if len(self.policies) == 1:
            return first
        name = self.package.removeprefix("data.")
        kinds = tuple(dict.fromkeys(kind for policy in self.policies for kind in policy.kinds))
        every = all(policy.kinds for policy in self.policies)
        return replace(first, id=name, title=name, kinds=kinds if every else ())


class PolicyRunner:
    """Owns at most one worker. Not for several threads at once."""

    def __init__(self, library: PolicyLibrary, limits: Limits) -> None:
        self._library = library
        self._limits = limits
        self._worker: WorkerProcess | None = None
        # What the present run needs.
        self._modules: tuple[Module, ...] = ()
        # What became of each module in the present worker, by path.
        self._outcomes: dict[str, dict[str, Any]] = {}
        # Modules that ended a worker while they were read, by path: not loaded again.
        self._fatal: dict[str, str] = {}

    @property
    def pid(self) -> int | None:
        return self._worker.pid if self._worker else None

    def start(self) -> WorkerProcess:
        """The running worker, or a new one that has loaded nothing yet."""
        if self._worker is not None and not self._worker.alive:
            self.stop()
        if self._worker is None:
            self._worker = WorkerProcess(self._limits.memory_bytes)
            self._outcomes = {}
        return self._worker

    def stop(self) -> None:
        if self._worker is not None:
            self._worker.close()
        self._worker = None

    def run(self, policies: Sequence[Policy], document: bytes) -> list[Answer]:
        """The answer of every package among the policies, and an error for every file that cannot
        be used."""
        answers: list[Answer] = []
        done: set[str] = set()
        suspects: set[str] = set()
        seconds = self._limits.seconds_for_package(len(document))
        deadline = time.monotonic() + self._limits.seconds_in_all
        while units := [u for u in self._load(policies) if u.package not in done]:
            refusal = self._late(deadline) or self._hand_over(document)
            if refusal:
                self.stop()
                answers += [(unit.speaker(), {"error": refusal}) for unit in units]
                break
            try:
                for unit, answer in self._evaluate(units, seconds):
                    answers.append((unit.speaker(), answer))
                    done.add(unit.package)
                    if time.monotonic() > deadline:
                        self.stop()
                        break
            except WorkerDied as died:
                self.stop()
                culprit = next(unit for unit in units if unit.package not in done)
                if died.may_be_innocent and culprit.package not in suspects:
                    suspects.add(culprit.package)
                    continue
                answers.append((culprit.speaker(), {"error": str(died)}))
                done.add(culprit.package)
        return answers + self._unusable(policies)

    def _late(self, deadline: float) -> str | None:
        if time.monotonic() <= deadline:
            return None
        return f"not reached: all policies together took {self._limits.seconds_in_all:g} s"

    def _hand_over(self, document: bytes) -> str | None:
        """Give the worker the document, a second worker if the first one dies of it."""
        for _ in range(2):
            try:
                error = self._ready().set_input(document, self._limits.seconds_for_input)
            except WorkerDied as died:
                error = str(died)
                self.stop()
                continue
            break
        return f"the document could not be read: {error}" if error else None

    def _evaluate(
        self, units: Sequence[_Unit], seconds: float
    ) -> Iterable[tuple[_Unit, dict[str, Any]]]:
        answers = self._ready().evaluate([unit.package for unit in units], seconds)
        return zip(units, answers, strict=True)

    def _ready(self) -> WorkerProcess:
        """A worker with the modules that this run has asked for."""
        if self._worker is None:
            self._load_modules(self._modules)
        return self.start()

    # --- loading ----------------------------------------------------------------------------------

    def _load(self, policies: Sequence[Policy]) -> list[_Unit]:
        """The packages of the policies that can be used."""
        # A user's files may use one another, so they are loaded together.
        modules = {m.id: m for m in self._library.shared}
        modules |= {p.path: p.module() for p in self._library.policies if not p.built_in}
        modules |= {p.path: p.module() for p in policies}
        self._modules = tuple(modules.values())
        self._load_modules(self._modules)
        by_package: dict[str, list[Policy]] = {}
        for policy in policies:
            outcome = self._outcomes.get(policy.path, {})
            if "error" not in outcome and outcome.get("package"):
                by_package.setdefault(outcome["package"], []).append(policy)
        return [
            _Unit(package, tuple(files))
            for package, files in by_package.items()
            if any(self._outcomes[file.path].get("entrypoint", True) for file in files)
        ]

    def _load_modules(self, modules: Sequence[Module]) -> None:
        suspects: set[str | None] = set()
        while True:
            worker = self.start()
            missing = [m for m in modules if m.id not in self._outcomes and m.id not in self._fatal]
            if not missing:
                return
            try:
                loaded = worker.load(missing, self._limits.seconds_to_load)
            except WorkerDied as died:
                culprit = worker.at
                self.stop()
                if died.may_be_innocent and culprit not in suspects:
                    suspects.add(culprit)
                    continue
                if culprit is None:
                    raise Unavailable(f"the policy evaluator does not start: {died}") from died
                self._fatal[culprit] = str(died)
                continue
            self._outcomes |= {outcome["id"]: outcome for outcome in loaded}

    def _unusable(self, policies: Sequence[Policy]) -> list[Answer]:
        found: list[Answer] = []
        for policy in policies:
            error = self._fatal.get(policy.path) or self._outcomes.get(policy.path, {}).get("error")
            if error:
                found.append((policy, {"error": error}))
        return found
