"""What is asked before a launch that costs money, and before a form is left or a file replaced."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from mephisto_engine.cents import dollars
from mephisto_tui.keymap import with_keys
from mephisto_tui.safe_text import clean
from mephisto_tui.screens.confirm import Answer, Question, sentence
from mephisto_tui.view.plan_facts import cost_words, data_words, price_words, what_to_type
from mephisto_tui.view.words import plural

if TYPE_CHECKING:
    from mephisto_engine.operations.plan import LaunchPlan

YES: Final = "yes"


def how_to_launch(plan: LaunchPlan) -> Question:
    """Launch on a provider that is not a sandbox: sure?

    Whatever costs something asks for the sum to be typed.
    """
    cost = plan.stated_cents
    would = "has no cap to its cost" if cost is None else f"would cost {dollars(cost)}"
    is_free = cost == 0
    return Question(
        "Launch",
        sentence(
            f"{clean(plan.task_name, 40)} {would}",
            f"on the live provider {clean(plan.provider_type, 24)}: workers are real people.",
            "",
            f"  {clean(data_words(plan), 56)}",
            f"  {price_words(plan)}",
            f"  {clean(cost_words(plan), 56)}",
        ),
        "Do not launch",
        (Answer("l", "Launch", YES),) if is_free else (),
        number=None if is_free else what_to_type(plan),
    )


def how_to_discard(changes: int) -> Question:
    """Leave a form in which something was changed."""
    return Question(
        "Leave the form",
        sentence(
            f"{plural(changes, 'change')} would be lost"
            + with_keys("; {draft.save} saves them as a file.")
        ),
        "Keep the form",
        (Answer("d", "Discard them", YES),),
    )


def how_to_replace(path: Path) -> Question:
    """Write over a file."""
    return Question(
        "Save",
        sentence("There is a file of that name already:", f"  {clean(str(path), 58)}"),
        "Leave it as it is",
        (Answer("r", "Replace it", YES),),
    )
