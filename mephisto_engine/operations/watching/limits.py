"""Figures from which on a machine is in trouble, for the doctor and for consoles."""

from __future__ import annotations

from typing import Final

LITTLE_SPACE: Final = 1024**3
"""Bytes below which a busy run with uploads may fill the disk within the day."""

NO_SPACE: Final = 100 * 1024**2
"""Bytes below which answers may soon be refused."""
