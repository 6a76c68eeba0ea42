"""What a form is made of: its elements, one inside another, and the attributes of each.

The names and shapes are those of Mephisto's FormComposer, so that its configs load.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

FIELD_TYPES = (
    "checkbox",
    "email",
    "file",
    "hidden",
    "input",
    "number",
    "password",
    "radio",
    "select",
    "textarea",
)
WITH_OPTIONS = frozenset({"checkbox", "radio", "select"})
WITH_TEXT = frozenset({"email", "input", "number", "password", "textarea"})
"""Types whose answer is a text that the worker types."""

HTML_ATTRIBUTES = ("help", "instruction", "label", "title", "tooltip")
"""Attributes in which tokens are filled in, and which may name an HTML file."""

ROOT_ATTRIBUTES = ("form", "form_metadata")


@dataclass(frozen=True)
class Attribute:
    """What an attribute may hold."""

    kinds: tuple[type, ...]
    is_required: bool = False


_TEXT = Attribute((str,))
_FLAG = Attribute((bool,))
_MAPPING = Attribute((dict,))
_NEEDED_TEXT = Attribute((str,), is_required=True)
_NEEDED_LIST = Attribute((list,), is_required=True)
_SCALAR = (str, int, float, bool)

_COMMON = {"classes": _TEXT, "id": _TEXT}
_FIELD = {
    **_COMMON,
    "help": _TEXT,
    "label": _NEEDED_TEXT,
    "name": _NEEDED_TEXT,
    "placeholder": _TEXT,
    "show_preview": _FLAG,
    "tooltip": _TEXT,
    "triggers": _MAPPING,
    "type": _NEEDED_TEXT,
    "validators": _MAPPING,
    "value": _TEXT,
}
_ATTRIBUTES: dict[str, dict[str, Attribute]] = {
    "form": {
        **_COMMON,
        "instruction": _TEXT,
        "sections": _NEEDED_LIST,
        "show_instructions_as_modal": _FLAG,
        "submit_button": Attribute((dict,), is_required=True),
        "title": _NEEDED_TEXT,
    },
    "submit_button": {
        **_COMMON,
        "instruction": _TEXT,
        "text": _NEEDED_TEXT,
        "tooltip": _TEXT,
        "triggers": _MAPPING,
    },
    "section": {
        **_COMMON,
        "collapsable": _FLAG,
        "fieldsets": _NEEDED_LIST,
        "initially_collapsed": _FLAG,
        "instruction": _TEXT,
        "name": _TEXT,
        "title": _NEEDED_TEXT,
        "triggers": _MAPPING,
    },
    "fieldset": {
        **_COMMON,
        "help": _TEXT,
        "instruction": _TEXT,
        "name": _TEXT,
        "rows": _NEEDED_LIST,
        "title": _TEXT,
    },
    "row": {**_COMMON, "fields": _NEEDED_LIST, "help": _TEXT},
    "field": _FIELD,
    "option": {
        "checked": _FLAG,
        "label": Attribute((str, int, float), is_required=True),
        "value": Attribute(_SCALAR, is_required=True),
    },
}
_OF_TYPE: dict[str, dict[str, Attribute]] = {
    "checkbox": {"options": _NEEDED_LIST, "value": _MAPPING},
    "radio": {"options": _NEEDED_LIST},
    "select": {"options": _NEEDED_LIST, "multiple": _FLAG, "value": Attribute((str, list))},
}
_CHILDREN = {
    "form": ("sections", "section"),
    "section": ("fieldsets", "fieldset"),
    "fieldset": ("rows", "row"),
    "row": ("fields", "field"),
    "field": ("options", "option"),
}


@dataclass(frozen=True)
class Element:
    """One part of a form."""

    kind: str
    """`form`, `submit_button`, `section`, `fieldset`, `row`, `field` or `option`."""
    where: str
    node: Any
    """A mapping, if the form is as it should be."""

    def get(self, attribute: str) -> Any:
        """An attribute's value; None if there is none, or if the element is no mapping."""
        return self.node.get(attribute) if isinstance(self.node, dict) else None

    def at(self, attribute: str) -> str:
        """Where an attribute stands."""
        return f"{self.where}.{attribute}"


def elements(form: Any, where: str = "form") -> Iterator[Element]:
    """A form and everything in it, in reading order; malformed parts included, as they are."""
    yield from _within(Element("form", where, form))
    if isinstance(form, dict) and "submit_button" in form:
        yield Element("submit_button", f"{where}.submit_button", form["submit_button"])


def fields(form: Any, where: str = "form") -> Iterator[Element]:
    """The fields of a form."""
    return (element for element in elements(form, where) if element.kind == "field")


def _within(element: Element) -> Iterator[Element]:
    yield element
    attribute, kind = _CHILDREN.get(element.kind, ("", ""))
    children = element.get(attribute) if attribute else None
    if isinstance(children, list):
        for index, child in enumerate(children):
            yield from _within(Element(kind, f"{element.where}.{attribute}[{index}]", child))


def attributes_of(element: Element) -> Mapping[str, Attribute]:
    """The attributes that an element can have; a field's depend on its type."""
    common = _ATTRIBUTES[element.kind]
    field_type = element.get("type")
    if element.kind == "field" and isinstance(field_type, str):
        return common | _OF_TYPE.get(field_type, {})
    return common


def option_values(field: Mapping[str, Any]) -> list[str]:
    """What can be chosen, as the page submits it."""
    options = field.get("options")
    found = options if isinstance(options, list) else []
    return [
        page_text(item["value"]) for item in found if isinstance(item, dict) and "value" in item
    ]


def page_text(value: Any) -> str:
    """A scalar as JavaScript writes it, which is how it comes back in an answer."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
