"""A light theme: every colour is one of the 256, so that plain SSH shows it as it is."""

from __future__ import annotations

from typing import Final

from textual.theme import Theme

PAPER: Final = Theme(
    name="paper",
    primary="#005f87",
    secondary="#5f5f87",
    warning="#875f00",
    error="#af0000",
    success="#005f00",
    accent="#5f0087",
    foreground="#1c1c1c",
    background="#ffffff",
    surface="#e4e4e4",
    panel="#d0d0d0",
    boost="#eeeeee",
    dark=False,
)
