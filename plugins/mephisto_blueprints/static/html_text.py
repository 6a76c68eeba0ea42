"""Placeholders in a task's HTML: `${field}` stands for the item's value of that field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

PLACEHOLDER = re.compile(r"\$\{([^{}]+)\}")

PAGE_FIELDS = frozenset({"mephisto_agent_id", "provider_worker_id"})
"""Fields that the page knows by itself."""


def placeholders(html: str) -> list[str]:
    """Names in the order in which they first stand in texts and attributes.

    Scripts and styles are passed over, as are event handlers: there `${…}` may be a JavaScript
    template literal.
    """
    parser = _PlaceholderParser()
    parser.feed(html)
    parser.close()
    return list(dict.fromkeys(parser.names))


def fill(text: str, values: Mapping[str, Any]) -> str:
    """The text with the values in the place of their placeholders, as the page fills it."""

    def value_of(match: re.Match[str]) -> str:
        name = match.group(1)
        return str(values[name]) if name in values else match.group(0)

    return PLACEHOLDER.sub(value_of, text)


class _PlaceholderParser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self._code_depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value and not name.startswith("on"):
                self.names += PLACEHOLDER.findall(value)
        self._code_depth += tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._code_depth = max(0, self._code_depth - 1)

    def handle_data(self, data: str) -> None:
        if not self._code_depth:
            self.names += PLACEHOLDER.findall(data)
