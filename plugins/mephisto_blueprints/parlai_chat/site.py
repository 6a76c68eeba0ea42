"""Fills the site of a run: the built-in chat page, or a page of the task's own."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from mephisto_blueprints.parlai_chat.chime import chime
from mephisto_blueprints.static.args import given
from mephisto_blueprints.static.files import copy_folder, copy_page, copy_source
from mephisto_engine.abstractions.blueprint import TaskBuilder

_SHARED_SCRIPTS = ("dom.js", "protocol.js")
"""What the built-in chat page has in common with that of forms."""


class ChatBuilder(TaskBuilder):
    """Copies files; nothing is compiled."""

    def build_in_dir(self, root: Path) -> None:
        args = self.blueprint.args
        bundle = given(args, "custom_source_bundle")
        if bundle:
            put_bundle(bundle, root)
        else:
            put_chat_page(root)
        extra = given(args, "extra_source_dir")
        if extra:
            copy_folder(extra, root)


def put_chat_page(root: Path) -> None:
    """The built-in page."""
    page = resources.files("mephisto_blueprints.parlai_chat") / "page"
    (root / "index.html").write_bytes((page / "index.html").read_bytes())
    (root / "chat").mkdir(exist_ok=True)
    for file in (page / "chat").iterdir():
        (root / "chat" / file.name).write_bytes(file.read_bytes())
    shared = resources.files("mephisto_blueprints.form") / "page" / "form"
    for name in _SHARED_SCRIPTS:
        (root / "chat" / name).write_bytes((shared / name).read_bytes())
    copy_page(root, "mephisto_page.css")


def put_bundle(bundle: str, root: Path) -> None:
    """A page of the task's own, with the styles that pages on `bootstrap-chat` count on.

    Raises:
        ConfigError: the bundle cannot be read.
    """
    page = resources.files("mephisto_blueprints.parlai_chat") / "page"
    (root / "index.html").write_bytes((page / "bundle_index.html").read_bytes())
    (root / "bundle_page.css").write_bytes((page / "bundle_page.css").read_bytes())
    (root / "notif.mp3").write_bytes(chime())
    copy_source(bundle, root / "bundle.js")
