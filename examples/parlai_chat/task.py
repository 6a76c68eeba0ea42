"""Options of the worlds: the first argument of `make_world`."""

from __future__ import annotations

world_opt = {"num_turns": 3, "turn_timeout": 300}
