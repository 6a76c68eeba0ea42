"""Small pages of the server's own, for workers who arrive where there is nothing to do."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Final

STATIC: Final = Path(__file__).parent / "static"
_TEMPLATE: Final = (STATIC / "notice.html").read_text("utf-8")
_TASK_PAGE: Final = (STATIC / "task_page.html").read_text("utf-8")


def notice(title: str, heading: str, text: str) -> bytes:
    """A self-contained page that says one thing; all arguments are plain text."""
    return (
        _TEMPLATE.replace("{{title}}", escape(title))
        .replace("{{heading}}", escape(heading))
        .replace("{{text}}", escape(text))
        .encode()
    )


def nothing_here() -> bytes:
    """For an address that leads nowhere."""
    return notice(
        "Not found",
        "There is nothing here",
        "Please check the link that you were given. If you came from a task, go back to it.",
    )


def no_task_page(title: str) -> bytes:
    """For a site whose builder has put no page into it."""
    return notice(
        title,
        "There is no task to show here yet",
        "The task is being set up. Please try again in a few minutes.",
    )


def closed(title: str) -> bytes:
    """For a run that takes no more work."""
    return notice(
        title,
        "This task is closed",
        "It takes no new work. Thank you for your interest.",
    )


def task_page(title: str) -> bytes:
    """The page for a site that brings a ``bundle.js`` but no ``index.html`` of its own."""
    return _TASK_PAGE.replace("{{title}}", escape(title)).encode()
