"""The JavaScript that a task brings for its forms: custom validators and triggers.

The files are ES modules in the folder `insertions`. Nothing here runs them; the names that they
export are found by looking at their text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mephisto_blueprints.form.structure import Element
from mephisto_engine.abstractions.registry import did_you_mean
from mephisto_engine.errors import Problem

INSERTIONS = "insertions"
VALIDATORS_FILE = f"{INSERTIONS}/custom_validators.js"
TRIGGERS_FILE = f"{INSERTIONS}/custom_triggers.js"

ADDONS = "/form/addons.js"
"""Where the page has what FormComposer's packages export for such files."""

_PACKAGES = ("react-form-composer", "mephisto-addons")
_FIELD_EVENTS = ("onBlur", "onChange", "onClick", "onFocus")
_EVENTS = {"field": _FIELD_EVENTS, "section": ("onClick",), "submit_button": ("onClick",)}

_QUOTED = r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`"
_TEXT = re.compile(_QUOTED, re.DOTALL)
_COMMENT = re.compile(rf"({_QUOTED})|//[^\n]*|/\*.*?\*/", re.DOTALL)
_DECLARED = re.compile(
    r"\bexport\s+(?:default\s+)?(?:async\s+)?(?:function\s*\*?|const|let|var|class)\s*([\w$]+)"
)
_LISTED = re.compile(r"\bexport\s*\{([^}]*)\}")
_ALL = re.compile(r"\bexport\s*\*")
_IMPORTED = re.compile(r"((?:\bfrom|\bimport)\s*\(?\s*)(\"[^\"\n]+\"|'[^'\n]+')")


@dataclass(frozen=True)
class Script:
    """One file of functions; it need not exist."""

    path: Path

    @cached_property
    def text(self) -> str:
        """The file without its comments; empty if there is none."""
        try:
            source = self.path.read_text("utf-8-sig", errors="replace")
        except OSError:
            return ""
        return _COMMENT.sub(lambda match: match.group(1) or " ", source)

    @cached_property
    def names(self) -> list[str]:
        """What the file exports by name."""
        code = _TEXT.sub('""', self.text)
        names = _DECLARED.findall(code)
        for group in _LISTED.findall(code):
            names += [part.split()[-1] for part in group.split(",") if part.strip()]
        return list(dict.fromkeys(names))

    def has(self, name: str) -> bool:
        """Whether a function of that name may be there; `export *` can bring any."""
        return name in self.names or bool(_ALL.search(self.text))


@dataclass(frozen=True)
class Scripts:
    """The scripts beside a form."""

    folder: Path
    """The folder that has `insertions` in it."""

    @cached_property
    def validators(self) -> Script:
        """Functions ``(field, value, …arguments)`` that give null or a message."""
        return Script(self.folder / VALIDATORS_FILE)

    @cached_property
    def triggers(self) -> Script:
        """Functions that are called when something happens to an element."""
        return Script(self.folder / TRIGGERS_FILE)

    def problems(self) -> Iterator[Problem]:
        """Imports that only a bundler could resolve, which a browser cannot."""
        for file in sorted((self.folder / INSERTIONS).rglob("*.js")):
            for _, quoted in _IMPORTED.findall(Script(file).text):
                name = quoted[1:-1]
                if not name.startswith((".", "/", "http:", "https:")) and name not in _PACKAGES:
                    where = file.relative_to(self.folder).as_posix()
                    what = f"imports {name!r}, which a browser cannot find"
                    yield Problem(where, what, "put the file beside it and import './…'")


def for_browser(source: str) -> str:
    """A script with the packages of FormComposer replaced by the page's own file."""

    def resolved(match: re.Match[str]) -> str:
        return f'{match[1]}"{ADDONS}"' if match[2][1:-1] in _PACKAGES else match[0]

    return _IMPORTED.sub(resolved, source)


def trigger_problems(element: Element, scripts: Scripts) -> Iterator[Problem]:
    """What is wrong with an element's triggers."""
    triggers = element.get("triggers")
    events = _EVENTS.get(element.kind)
    if not isinstance(triggers, dict) or events is None:
        return
    for event, call in triggers.items():
        where = f"{element.at('triggers')}.{event}"
        if event not in events:
            hint = did_you_mean(event, events) or f"known: {', '.join(events)}"
            yield Problem(where, f"unknown event {event!r}", hint.strip())
            continue
        name = called_function(call)
        if name is None:
            yield Problem(where, f"is {call!r}", "a function's name, or [name, arguments]")
        elif not scripts.triggers.has(name):
            known = scripts.triggers.names
            hint = did_you_mean(name, known) or f"no function of {TRIGGERS_FILE}"
            yield Problem(where, f"unknown function {name!r}", hint.strip())


def called_function(call: Any) -> str | None:
    """The function that a trigger names; None if it is written in no way that is known."""
    name = call[0] if isinstance(call, list) and len(call) in (1, 2) else call
    return name if isinstance(name, str) and name else None
