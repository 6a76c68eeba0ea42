"""The site of a form task: our page, the author's insertions, and the form for the preview."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from mephisto_blueprints.form.scripts import INSERTIONS, TRIGGERS_FILE, VALIDATORS_FILE, for_browser
from mephisto_blueprints.static.args import given
from mephisto_blueprints.static.files import copy_folder, copy_page
from mephisto_engine.abstractions.blueprint import TaskBuilder

if TYPE_CHECKING:
    from mephisto_blueprints.form.blueprint import FormBlueprint

PREVIEW = "preview.json"
STYLES = "insertions.css"


class FormBuilder(TaskBuilder):
    """Copies files; nothing is compiled."""

    blueprint: FormBlueprint

    def build_in_dir(self, root: Path) -> None:
        page = resources.files("mephisto_blueprints.form") / "page"
        (root / "index.html").write_bytes((page / "index.html").read_bytes())
        (root / "form").mkdir()
        for file in (page / "form").iterdir():
            (root / "form" / file.name).write_bytes(file.read_bytes())
        copy_page(root, "mephisto_page.css")
        put_insertions(self.blueprint.source.folder / INSERTIONS, root)
        (root / PREVIEW).write_bytes(orjson.dumps(self.blueprint.preview_item()))
        extra = given(self.blueprint.args, "extra_source_dir")
        if extra:
            copy_folder(extra, root)


def put_insertions(folder: Path, root: Path) -> None:
    """Copy the author's insertions, ready for a browser.

    The two scripts that the page imports are there in any case, empty if the author has none.
    """
    if folder.is_dir():
        (root / INSERTIONS).mkdir()
        copy_folder(str(folder), root / INSERTIONS)
    for file in (root / INSERTIONS).rglob("*.js"):
        source = file.read_text("utf-8-sig", errors="replace")
        file.write_text(for_browser(source), "utf-8")
    for name in (VALIDATORS_FILE, TRIGGERS_FILE):
        script = root / name
        if not script.exists():
            script.parent.mkdir(exist_ok=True)
            script.write_text("export {};\n", "utf-8")
    styles = sorted(file.relative_to(root).as_posix() for file in root.glob(f"{INSERTIONS}/*.css"))
    (root / STYLES).write_text("".join(f'@import url("{name}");\n' for name in styles), "utf-8")
