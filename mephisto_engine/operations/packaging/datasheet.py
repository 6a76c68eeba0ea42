"""A datasheet in Markdown: what the data say of themselves, and named blanks for the rest.

The questions follow "Datasheets for Datasets" (Gebru et al., Communications of the ACM 64(12),
2021) in shorter words. A blank reads ``[[name]]``, so that it can be found and filled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from mephisto_engine.cents import dollars

Manifest = dict[str, Any]

_BLANKS_BEFORE: Final = {
    "Motivation": (
        ("For what purpose was it made?", "purpose"),
        ("Who made it, and on whose behalf?", "creators"),
        ("Who funded it?", "funding"),
    )
}
_BLANKS_AFTER: Final = {
    "Uses": (
        ("What has it been used for?", "uses_so_far"),
        ("What else could it be used for?", "possible_uses"),
        ("What should it not be used for?", "unfit_uses"),
    ),
    "Distribution": (
        ("Who gets it, how and when?", "distribution"),
        ("Under which license or terms?", "license"),
        ("Do others hold rights in the task data?", "third_party_rights"),
    ),
    "Maintenance": (
        ("Who looks after it, and how are they reached?", "contact"),
        ("Will it be corrected or extended?", "updates"),
        ("How long may data about people be kept?", "retention"),
    ),
}


def datasheet(manifest: Manifest) -> str:
    """The datasheet of an export, from its manifest; the same for the same manifest."""
    lines = ["# Datasheet", ""]
    lines += _blanks(_BLANKS_BEFORE)
    lines += _section("Composition", _composition(manifest))
    lines += _section("Collection", _collection(manifest))
    lines += _section("Preprocessing", _preprocessing(manifest))
    lines += _blanks(_BLANKS_AFTER)
    return "\n".join(lines)


def _composition(manifest: Manifest) -> Iterator[tuple[str, str]]:
    counts = manifest["counts"]
    statuses = ", ".join(f"{number} {name}" for name, number in counts["by_status"].items())
    yield "What is one row?", "What one worker handed in for one unit of work."
    yield "How many are there?", f"{counts['units']} units ({statuses or 'none'})."
    yield (
        "Is it all there is?",
        f"Units with these statuses were taken: {', '.join(manifest['selection']['statuses'])}. "
        f"{_left_out(manifest)}",
    )
    yield "What does a row hold?", _contents(manifest)
    yield "What comes beside the rows?", _tables(manifest)
    yield "Is anything missing?", _missing(counts)
    yield "Does it identify people?", _identities(manifest)
    yield "Is there anything offensive, private or sensitive in it?", _blank("sensitive_content")
    yield "Which groups of people are in it?", _blank("subpopulations")
    yield "Are there recommended splits?", _blank("splits")


def _collection(manifest: Manifest) -> Iterator[tuple[str, str]]:
    runs = manifest["runs"]
    providers = sorted({run["provider_type"] for run in runs})
    blueprints = sorted({run["blueprint_type"] for run in runs})
    times = manifest["times"]
    yield (
        "How was it collected?",
        f"By workers on {_list(providers)}, in tasks of the kind {_list(blueprints)}, "
        f"in {_list([_run(run) for run in runs])}.",
    )
    yield "Who did the work?", f"{manifest['workers']['number']} workers."
    yield "What were they paid?", _pay(manifest)
    yield (
        "When?",
        f"From {times['first_submission'] or 'never'} to {times['last_submission'] or 'never'} "
        f"(UTC); {_mean(times['mean_seconds'])}",
    )
    yield "How was the work judged?", _judged(manifest)
    yield "Did an ethics board look at it?", _blank("ethical_review")
    yield "Were the workers told, and did they agree?", _blank("consent")
    yield "How could they withdraw?", _blank("withdrawal")


def _preprocessing(manifest: Manifest) -> Iterator[tuple[str, str]]:
    replaced = manifest["workers"]["replaced_in_answers"]
    yield (
        "What was done to the answers?",
        "Nothing but packaging"
        + (f"; names of workers were replaced in {replaced} of them." if replaced else "."),
    )
    yield (
        "Is the raw data kept?",
        f"In the database of the installation, as of event {manifest['as_of']['event']} of the "
        "journal.",
    )
    yield "With which program?", f"mephisto-tui {manifest['code_version']}."


def _left_out(manifest: Manifest) -> str:
    parts = []
    if manifest["selection"]["without"]:
        parts.append(f"Left out: {_list(manifest['selection']['without'])} units.")
    late = manifest["counts"]["late_answers"]
    if late:
        parts.append(f"{late} answers came too late; none of them is a row.")
    return " ".join(parts) or "Nothing else was left out."


def _contents(manifest: Manifest) -> str:
    names = [f"`{_plain(name)}`" for name in manifest["columns"]]
    return f"{len(names)} columns: {', '.join(names)}."


def _tables(manifest: Manifest) -> str:
    if not manifest["selection"]["tables"]:
        return "Nothing: the tables beside the rows were left out."
    told = [
        f"`tables/{name}` ({facts['rows']} rows): {facts['about'][0].lower()}{facts['about'][1:]}."
        for name, facts in manifest["tables"].items()
        if facts["rows"]
    ]
    return " ".join(told) or "Nothing."


def _free_text(manifest: Manifest) -> str:
    """Where people's own words stand, beside the answers."""
    columns = [
        f"`{name}.{column}`"
        for name, facts in manifest["tables"].items()
        if facts["rows"]
        for column in facts["free_text"]
    ]
    return f" So may the free text in {', '.join(columns)}." if columns else ""


def _missing(counts: dict[str, Any]) -> str:
    if counts["missing_files"]:
        return (
            f"{counts['missing_files']} files of workers were not found; the manifest lists them."
        )
    return "No file that a worker sent." if counts["files"] else "Nothing that is known."


def _identities(manifest: Manifest) -> str:
    if manifest["workers"]["names"] == "raw":
        return "Yes: workers are named as the provider names them."
    return (
        "Workers have pseudonyms (a keyed hash; the key is not part of the data), and so have the "
        "provider's own ids of payments. The names of those who came to an item were also replaced "
        "in what was said there. What people wrote may still identify them: "
        f"{_blank('identification_in_answers')}{_free_text(manifest)}"
    )


def _pay(manifest: Manifest) -> str:
    rates = sorted({run["pay_cents"] for run in manifest["runs"]})
    whole = dollars(manifest["pay_cents"])
    return (
        f"{_list([dollars(cents) for cents in rates])} a unit; {whole} for "
        f"the units in it, if all of them are paid. {_blank('pay_policy')}"
    )


def _judged(manifest: Manifest) -> str:
    statuses = manifest["counts"]["by_status"]
    reviewed = sum(statuses.get(name, 0) for name in ("accepted", "soft_rejected", "rejected"))
    return f"{reviewed} of {manifest['counts']['units']} units were reviewed. {_blank('criteria')}"


def _run(run: dict[str, Any]) -> str:
    sandbox = ", sandbox" if run["is_sandbox"] else ""
    return f"run {run['id']} of `{_plain(run['task_name'])}`{sandbox}"


def _mean(seconds: float | None) -> str:
    return "no unit was timed." if seconds is None else f"{seconds} s on a unit on average."


def _list(items: list[str]) -> str:
    return ", ".join(items) or "none"


def _plain(text: str) -> str:
    """Foreign text that cannot leave its place in Markdown."""
    return "".join(letter for letter in text if letter.isprintable() and letter not in "`|<>")


def _blank(name: str) -> str:
    return f"[[{name}]]"


def _section(title: str, answers: Iterator[tuple[str, str]]) -> list[str]:
    lines = [f"## {title}", ""]
    for question, answer in answers:
        lines += [f"**{question}** {answer}", ""]
    return lines


def _blanks(sections: Mapping[str, tuple[tuple[str, str], ...]]) -> list[str]:
    return [
        line
        for title, questions in sections.items()
        for line in _section(title, ((text, _blank(name)) for text, name in questions))
    ]
