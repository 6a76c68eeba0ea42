"""JavaScript's regular expressions, as far as Python can judge and satisfy them."""

from __future__ import annotations

import random
import re
import string
import warnings

DEFAULT_FLAGS = "igm"
"""What FormComposer uses where none are given."""

_FLAGS = "dgimsuvy"
_SURELY_WRONG = (
    "unterminated character set",
    "missing )",
    "unbalanced parenthesis",
    "nothing to repeat",
    "multiple repeat",
    "min repeat greater than max repeat",
    "bad character range",
    "bad escape (end of pattern)",
)
"""Complaints of Python's that hold in JavaScript too; of all others the browser is the judge."""

_ATOM = re.compile(
    r"(?P<set>\[(?:\\.|[^\]\\])+\])|(?P<escape>\\.)|(?P<plain>[^\\\[\](){}|*+?])",
    re.DOTALL,
)
_REPEAT = re.compile(r"(?:(?P<sign>[*+?])|\{(?P<low>\d+)(?:(?P<comma>,)(?P<high>\d*))?\})\??")
_ALPHABET = string.ascii_lowercase + string.digits + string.ascii_uppercase + " -_.@"
_EXTRA = 3
"""How many more repeats than the least an endless one gets at most."""


def regexp_fault(pattern: str, flags: str = "") -> str:
    """What is wrong with a pattern and its flags; empty if nothing, or if Python cannot tell."""
    unknown = sorted(set(flags) - set(_FLAGS))
    if unknown:
        return f"unknown flag {unknown[0]!r}; known: {_FLAGS}"
    if len(set(flags)) < len(flags) or {"u", "v"} <= set(flags):
        return f"the flags {flags!r} do not go together"
    try:
        _compile(pattern, flags)
    except re.error as error:
        if error.msg.startswith(_SURELY_WRONG) and not _is_javascripts_own(pattern, error.msg):
            return f"is no regular expression: {error.msg}"
    except (OverflowError, RecursionError):
        return ""
    return ""


def example_of(pattern: str, flags: str, rng: random.Random) -> str | None:
    """A text that matches, where the pattern is a plain row of characters and sets."""
    text = _row_of(pattern, rng)
    try:
        is_match = text is not None and _compile(pattern, flags).search(text)
    except re.error:
        return None
    return text if is_match else None


def matches(pattern: str, flags: str, text: str) -> bool:
    """Whether a text matches; False too where Python cannot read the pattern."""
    try:
        return bool(_compile(pattern, flags).search(text))
    except re.error:
        return False


def _compile(pattern: str, flags: str) -> re.Pattern[str]:
    options = re.NOFLAG
    for flag, option in (("i", re.IGNORECASE), ("m", re.MULTILINE), ("s", re.DOTALL)):
        options |= option if flag in (flags or DEFAULT_FLAGS) else re.NOFLAG
    with warnings.catch_warnings():
        # Of sets inside sets, which mean nothing special in JavaScript.
        warnings.simplefilter("ignore", FutureWarning)
        return re.compile(_as_python(pattern), options)


def _is_javascripts_own(pattern: str, complaint: str) -> bool:
    """Sets that only JavaScript has: `[]` and `[^]`, and `[\\w-.]`, where the dash is no range."""
    is_range = complaint.startswith("bad character range \\")
    return is_range or "[]" in pattern or "[^]" in pattern


def _as_python(pattern: str) -> str:
    return re.sub(r"\(\?<(?![=!])", "(?P<", pattern)


def _row_of(pattern: str, rng: random.Random) -> str | None:
    position, end = 0, len(pattern)
    if pattern.startswith("^"):
        position = 1
    if pattern.endswith("$") and not pattern.endswith(r"\$"):
        end -= 1
    text = ""
    while position < end:
        atom = _ATOM.match(pattern, position, end)
        if atom is None:
            return None
        repeat = _REPEAT.match(pattern, atom.end(), end)
        position = repeat.end() if repeat else atom.end()
        choices = [c for c in _ALPHABET if re.fullmatch(atom.group(), c)] or _literal(atom)
        if not choices:
            return None
        text += "".join(rng.choice(choices) for _ in range(_times(repeat, rng)))
    return text


def _literal(atom: re.Match[str]) -> list[str]:
    if atom["set"]:
        return []
    return [atom["plain"] or atom["escape"][1]]


def _times(repeat: re.Match[str] | None, rng: random.Random) -> int:
    if repeat is None:
        return 1
    if repeat["sign"]:
        low, high = {"*": (0, None), "+": (1, None), "?": (0, 1)}[repeat["sign"]]
    else:
        low = int(repeat["low"])
        high = int(repeat["high"]) if repeat["high"] else (None if repeat["comma"] else low)
    return rng.randint(low, low + _EXTRA if high is None else min(high, low + _EXTRA))
