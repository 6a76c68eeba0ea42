"""Faults of a provider, injected: what real ones do on a bad day, the same for the same seed."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from mephisto_engine.errors import ProviderBusyError, ProviderError


@dataclass
class Faults:
    """How likely each fault is, from 0 to 1, for each try of a call."""

    refuse: float = 0.0
    throttle: float = 0.0
    drop: float = 0.0
    hang: float = 0.0
    seed: int = 0
    _tries: Counter[str] = field(default_factory=Counter)

    async def around(self, key: str, effect: Callable[[], None]) -> None:
        """Let an effect happen, or not, and perhaps keep the caller from learning which."""
        self._tries[key] += 1
        rng = random.Random(f"{self.seed}:{key}:{self._tries[key]}")
        if rng.random() < self.throttle:
            raise ProviderBusyError("The mock provider is throttling.")
        if rng.random() < self.refuse:
            raise ProviderError("The mock provider refuses.", "It was told to, by its options.")
        is_dropped, is_hanging = rng.random() < self.drop, rng.random() < self.hang
        if not (is_dropped or is_hanging) or rng.random() < 0.5:
            effect()
        if is_dropped:
            raise ConnectionResetError("the mock provider dropped the connection")
        if is_hanging:
            await asyncio.Event().wait()
