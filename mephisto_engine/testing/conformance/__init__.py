"""Suites that show whether a plugin keeps its contract. They need pytest, and nothing else.

A plugin's author subclasses a suite in a test module and says with one fixture what to test::

    class TestMyArchitect(ArchitectConformance):
        @pytest.fixture
        def case(self) -> ArchitectCase:
            return ArchitectCase(MyArchitect, MyArgs(port="0"), wrong_args=[MyArgs(port="x")])
"""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite(
    "mephisto_engine.testing.conformance.architect",
    "mephisto_engine.testing.conformance.blueprint",
    "mephisto_engine.testing.conformance.database",
    "mephisto_engine.testing.conformance.options",
    "mephisto_engine.testing.conformance.provider",
)

from mephisto_engine.testing.conformance.architect import (  # noqa: E402 - after its rewrite
    ArchitectCase,
    ArchitectConformance,
)
from mephisto_engine.testing.conformance.blueprint import (  # noqa: E402
    BlueprintCase,
    BlueprintConformance,
)
from mephisto_engine.testing.conformance.database import DatabaseConformance  # noqa: E402
from mephisto_engine.testing.conformance.provider import (  # noqa: E402
    ProviderCase,
    ProviderConformance,
)

__all__ = [
    "ArchitectCase",
    "ArchitectConformance",
    "BlueprintCase",
    "BlueprintConformance",
    "DatabaseConformance",
    "ProviderCase",
    "ProviderConformance",
]
