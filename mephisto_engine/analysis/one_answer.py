"""What is worth a look about one answer, beside those around it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mephisto_engine.analysis import flags
from mephisto_engine.analysis.fields import LabelField
from mephisto_engine.analysis.flags import Flag
from mephisto_engine.analysis.statistics import Answer, Statistics


def flags_of_answer(answers: Sequence[Answer], declared: Iterable[LabelField]) -> Iterator[Flag]:
    """Straight-lining of the last answer's worker, and texts of it that were there before.

    Args:
        answers: in the order of their coming, the one in question last.
        declared: fields that are labels, as the task's blueprint says.
    """
    if not answers:
        return
    statistics = Statistics()
    statistics.declare(declared)
    for answer in answers:
        statistics.add(answer)
    last = answers[-1]
    for field in statistics.label_fields():
        flag = flags.straight_lining_flag(last.worker, statistics.tallies[field.name])
        if flag is not None:
            yield flag
    straight = flags.grid_flag(last.worker, statistics.grids)
    if straight is not None:
        yield straight
    for name in statistics.free_texts():
        found = [like for like in statistics.likenesses[name] if like.unit_id == last.unit_id]
        yield from flags.text_flags(found, name)
