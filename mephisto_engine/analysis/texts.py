"""Texts that are alike: the same but for case and blanks, or in most of their phrases."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from zlib import crc32

SHINGLE_WORDS: Final = 3
SKETCH: Final = 12
"""How many of a text's phrases it is looked up by."""
ALIKE: Final = 0.7
"""From this share of common phrases on, two texts count as nearly the same."""
LEAST_WORDS: Final = 5
"""Shorter texts are alike by chance and are not compared."""
LEAST_CHARACTERS: Final = 20
LEAST_REPEATS: Final = 5
KEPT: Final = 40
"""Texts that are kept for one phrase; a phrase that all use tells nobody apart."""
LONGEST: Final = 20_000
"""Characters of a text that are looked at."""

_NO_WORD = re.compile(r"[^\w]+")


class Text(NamedTuple):
    """A free text of an answer."""

    unit_id: int
    worker: int
    item: int
    text: str


class Likeness(NamedTuple):
    """Two texts that are nearly or wholly the same."""

    unit_id: int
    """The later one."""
    worker: int
    other_unit_id: int
    """The earlier one."""
    other_worker: int
    share: float
    """How much of their phrases they have in common; 1.0 if they are the same."""


def normalised(text: str) -> str:
    """Letters and digits alone, in one case, with single blanks: what makes a text the same."""
    folded = unicodedata.normalize("NFKC", text[:LONGEST]).casefold()
    return _NO_WORD.sub(" ", folded).strip()


def shingles(words: str) -> frozenset[int]:
    """The phrases of a normalised text, each three words, as numbers.

    Broder 1997, "On the resemblance and containment of documents": texts resemble each other as
    much as their sets of shingles do. The numbers are CRC-32, the same in every process.
    """
    parts = words.split()
    last = max(1, len(parts) - SHINGLE_WORDS + 1)
    return frozenset(
        crc32(" ".join(parts[start : start + SHINGLE_WORDS]).encode()) for start in range(last)
    )


def resemblance(one: frozenset[int], other: frozenset[int]) -> float:
    """Common shingles over all shingles of two texts (Jaccard)."""
    union = len(one | other)
    return len(one & other) / union if union else 1.0


@dataclass
class TextIndex:
    """Finds the earlier text that a new one is most like; costs the same however many there are.

    A text is looked up by its smallest shingles (Broder's sketch), and what is found is compared
    in full.
    """

    _texts: list[tuple[int, int, int, str, frozenset[int]]] = field(default_factory=list)
    _same: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    _by_shingle: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    _of_item: dict[int, str] = field(default_factory=dict)
    """Item → the first text that was given for it."""
    _repeats: int = 0
    """Texts for an item that had one already."""
    _echoes: int = 0
    """Those of them that are the same as its first."""

    @property
    def is_echo(self) -> bool:
        """Whether the page sends back what it showed: most texts are the same for one item."""
        return self._repeats >= LEAST_REPEATS and 2 * self._echoes > self._repeats

    def add(self, text: Text) -> Likeness | None:
        """Take a text in; what earlier one it is like, if any. Workers' first texts count most."""
        words = normalised(text.text)
        if len(words) < LEAST_CHARACTERS or words.count(" ") + 1 < LEAST_WORDS:
            return None
        self._compare_with_item(text.item, words)
        found = shingles(words)
        best = self._most_like(words, found)
        self._keep(text, words, found)
        if best is None:
            return None
        share, place = best
        unit_id, worker, _, _, _ = self._texts[place]
        return Likeness(text.unit_id, text.worker, unit_id, worker, share)

    def _compare_with_item(self, item: int, words: str) -> None:
        first = self._of_item.setdefault(item, words)
        if first is not words:
            self._repeats += 1
            self._echoes += first == words

    def _most_like(self, words: str, found: frozenset[int]) -> tuple[float, int] | None:
        if words in self._same:
            return 1.0, self._same[words][0]
        near = {place for shingle in _sketch(found) for place in self._by_shingle.get(shingle, ())}
        alike = [(resemblance(found, self._texts[place][4]), -place) for place in near]
        share, place = max(alike, default=(0.0, 0))
        return (min(share, 0.999), -place) if share >= ALIKE else None

    def _keep(self, text: Text, words: str, found: frozenset[int]) -> None:
        place = len(self._texts)
        self._texts.append((text.unit_id, text.worker, text.item, words, found))
        self._same[words].append(place)
        if len(self._same[words]) > 1:
            return
        for shingle in _sketch(found):
            kept = self._by_shingle[shingle]
            if len(kept) < KEPT:
                kept.append(place)


def _sketch(found: frozenset[int]) -> list[int]:
    return sorted(found)[:SKETCH]
