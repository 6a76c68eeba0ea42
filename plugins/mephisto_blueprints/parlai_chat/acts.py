"""What workers and worlds say to each other, between the page's form and the world's."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

import orjson

from mephisto_engine.errors import PluginError

WORLD_DATA: Final = "WORLD_DATA"
"""Key of what a world stores beside the messages."""

PAGE_CONTROLS: Final = frozenset(
    {
        "agent_display_name",
        "doneText",
        "is_final",
        "live_update_requested",
        "respond_with_form",
        "task_done",
    }
)
"""Keys of `task_data` that steer a page. They are the world's alone to send: passed on from a
worker, they would steer a partner's page."""


class Act(dict[str, Any]):
    """A worker's message: a dict, with what worlds written for ParlAI expect of a `Message`."""

    def force_set(self, key: str, value: Any) -> None:
        """Set a key that may be there already."""
        self[key] = value

    def json_safe_payload(self) -> dict[str, Any]:
        """The message as JSON can hold it."""
        payload: dict[str, Any] = plain(self)
        return payload

    def copy(self) -> Act:
        return Act(self)


def act_of(update: Mapping[str, Any], name: str) -> Act:
    """A worker's live update as a world gets it; whatever the page sent, its parts are sound."""
    text = update.get("text")
    task_data = update.get("task_data")
    sent = task_data if isinstance(task_data, Mapping) else {}
    return Act(
        {
            **update,
            "id": name,
            "text": text if isinstance(text, str) else "",
            "episode_done": update.get("episode_done") is True,
            "task_data": {key: item for key, item in sent.items() if key not in PAGE_CONTROLS},
            "timestamp": time.time(),
        }
    )


def is_done(update: Mapping[str, Any]) -> bool:
    """Whether an update tells the page that the worker may hand in."""
    task_data = update.get("task_data")
    return isinstance(task_data, Mapping) and bool(task_data.get("task_done"))


def plain(value: Any) -> Any:
    """A copy of a world's data, of the types that JSON has.

    Raises:
        PluginError: JSON cannot hold it.
    """
    options = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
    try:
        return orjson.loads(orjson.dumps(value, option=options))
    except orjson.JSONEncodeError as error:
        hint = "A world sends and stores texts, numbers, booleans, lists and dictionaries."
        raise PluginError(f"a world's data cannot be sent or stored: {error}", hint) from error
