"""On the path of the functions on the emulator: environments that lie in AWS lie in the emulator.

The product sends what is meant for AWS to AWS, also in a process that knows of an emulator; so the
composition root gets targets of which AWS's stand-in has the last word. Nothing else is replaced.
"""

from __future__ import annotations

from functools import cached_property

from dharma import bootstrap
from dharma.core.settings import Settings
from dharma.orchestrator.ports import Targets


class OnEmulator(bootstrap.Application):
    @cached_property
    def targets(self) -> Targets:
        from dharma.adapters.clouds.targets import CloudTargets

        address = self.settings.sandbox_url
        return CloudTargets(self.clock, address, endpoint=address)


bootstrap.use(OnEmulator(Settings.from_environment()))
