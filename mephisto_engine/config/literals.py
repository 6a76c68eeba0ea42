"""What a person types for an option, as a value, and a value as Hydra's overrides write it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

_PLAIN_KEY: Final = re.compile(r"[A-Za-z_][\w-]*")


def typed_value(text: str, type_name: str) -> Any:
    """The value that ``text`` means where ``type_name`` is asked for.

    What does not fit stays text: the check of the config says so in its own words. Nothing typed
    is None where that is allowed.
    """
    import yaml

    types = {part.strip() for part in type_name.split("|")}
    if not text.strip() and types & {"None", "NoneType"}:
        return None
    if "str" in types or "${" in text:
        return text
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text


def value_text(value: Any) -> str:
    """The value as one types it; the inverse of `typed_value`."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def overrides(key: str, value: Any) -> list[str]:
    """What gives ``value`` to an option that is there, in Hydra's grammar."""
    if isinstance(value, Mapping):
        # Hydra would merge it into the former one.
        return [f"~{key}", f"+{key}={_literal(value)}"]
    return [f"{key}={_literal(value)}"]


def _literal(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"[{','.join(map(_literal, value))}]"
    if isinstance(value, Mapping) and all(_PLAIN_KEY.fullmatch(str(key)) for key in value):
        return "{" + ",".join(f"{key}:{_literal(item)}" for key, item in value.items()) + "}"
    return _quoted(value if isinstance(value, str) else str(value))


def _quoted(text: str) -> str:
    """Backslashes count only before a quote, where each is written twice."""
    inner = re.sub(r"(\\*)'", lambda found: found[1] * 2 + "\\'", text)
    tail = re.search(r"\\+$", inner)
    return f"'{inner}{tail[0] if tail else ''}'"
