"""The input fields of a task's HTML, as simulated workers need them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

_SKIPPED = frozenset({"submit", "button", "reset", "image", "file"})


@dataclass
class FormField:
    """One named field; radio buttons of one name are one field."""

    name: str
    kind: str
    """The type of an input element, or `select`, `textarea`."""
    is_required: bool = False
    is_multiple: bool = False
    values: list[str] = field(default_factory=list)
    """What can be chosen, or the value that stands there from the start."""
    attributes: dict[str, str] = field(default_factory=dict)


def form_fields(html: str) -> list[FormField]:
    """The named fields that a worker can fill in, in the page's order, files left out."""
    parser = _FieldParser()
    parser.feed(html)
    parser.close()
    return list(parser.fields.values())


class _FieldParser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[tuple[str, str], FormField] = {}
        self._select: FormField | None = None
        self._open_option = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "input":
            self._add(attributes.get("type", "text").lower() or "text", attributes)
        elif tag == "textarea":
            self._add("textarea", attributes)
        elif tag == "select":
            self._select = self._add("select", attributes)
        elif tag == "option" and self._select:
            self._open_option = "disabled" not in attributes and "value" not in attributes
            if "disabled" not in attributes and "value" in attributes:
                self._select.values.append(attributes["value"])

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = None
        if tag in ("option", "select"):
            self._open_option = False

    def handle_data(self, data: str) -> None:
        # An option without a value attribute submits its own text.
        if self._select and self._open_option and data.strip():
            self._select.values.append(" ".join(data.split()))
            self._open_option = False

    def _add(self, kind: str, attributes: dict[str, str]) -> FormField | None:
        name = attributes.get("name", "")
        if not name or kind in _SKIPPED or "disabled" in attributes:
            return None
        known = self.fields.setdefault(
            (name, kind),
            FormField(name, kind, is_multiple="multiple" in attributes, attributes=attributes),
        )
        known.is_required |= "required" in attributes
        if kind in ("radio", "checkbox"):
            known.values.append(attributes.get("value", "on"))
        elif "value" in attributes:
            known.values.append(attributes["value"])
        return known
