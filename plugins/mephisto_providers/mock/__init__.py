"""A provider without a crowd: for trying things out, for tests, and with simulated workers."""

from __future__ import annotations

from mephisto_providers.mock.provider import MockArgs, MockProvider

__all__ = ["MockArgs", "MockProvider"]
