from __future__ import annotations

import itertools
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from mephisto_blueprints.static.state import SharedStaticTaskState
from mephisto_blueprints.static_react_task import StaticReactTaskBlueprint
from mephisto_blueprints.static_task import StaticTaskBlueprint
from mephisto_engine.errors import ConfigError

OPTION = "mephisto.blueprint."


def problems(folder: Path, state: SharedStaticTaskState | None = None, **options: Any) -> list[str]:
    given = {"task_source": str(folder / "task.html"), "data_csv": str(folder / "data.csv")}
    args = StaticTaskBlueprint.ArgsClass(**{**given, **options})
    found = StaticTaskBlueprint.assert_task_args(args, state or SharedStaticTaskState())
    return [str(problem) for problem in found]


def test_a_sound_task_has_no_problems(task_files: Path) -> None:
    assert problems(task_files) == []


@pytest.mark.parametrize(
    ("options", "start"),
    [
        ({"task_source": "/nowhere/task.html"}, f"{OPTION}task_source: cannot read"),
        ({"task_source": "???"}, f"{OPTION}task_source: is required"),
        ({"preview_source": "/nowhere/p.html"}, f"{OPTION}preview_source: cannot read"),
        ({"onboarding_source": "/nowhere/o.html"}, f"{OPTION}onboarding_source: cannot read"),
        ({"extra_source_dir": "/nowhere"}, f"{OPTION}extra_source_dir: /nowhere is not a folder"),
        ({"units_per_assignment": 0}, f"{OPTION}units_per_assignment: is 0"),
        ({"data_csv": None}, "mephisto.blueprint: no task data"),
        (
            {"onboarding_qualification": "q"},
            f"{OPTION}onboarding_source: is needed for onboarding",
        ),
    ],
)
def test_an_unusable_option_is_named(task_files: Path, options: dict[str, Any], start: str) -> None:
    [problem] = problems(task_files, **options)
    assert problem.startswith(start)


@pytest.mark.parametrize(
    ("content", "what"),
    [(b"", "is empty"), (b" \n", "is empty"), (b"<p>\n\xff", "task.html:2 is not UTF-8 text")],
)
def test_html_that_cannot_be_shown_is_a_problem(
    task_files: Path, content: bytes, what: str
) -> None:
    (task_files / "task.html").write_bytes(content)
    [problem] = problems(task_files)
    assert what in problem


def test_all_problems_are_reported_at_once(task_files: Path) -> None:
    (task_files / "data.csv").write_text("text,text\n")
    found = problems(task_files, units_per_assignment=-1, extra_source_dir="/no")
    assert len(found) == 3


@pytest.mark.parametrize("name", ["index.html", "bundle.js", "preview.html"])
def test_a_task_file_may_not_take_the_name_of_another_file(task_files: Path, name: str) -> None:
    (task_files / "task.html").rename(task_files / name)
    [problem] = problems(task_files, task_source=str(task_files / name))
    assert "is the name of another file" in problem


def test_a_placeholder_without_data_is_named(task_files: Path) -> None:
    (task_files / "task.html").write_text(
        "<p title='${label}'>${text} ${mephisto_agent_id} ${provider_worker_id}</p>"
        "<script>let x = `${text_in_script}`</script><style>a { b: ${c} }</style>"
        "<button onclick='alert(`${x}`)'>ok</button><!-- ${comment} -->"
    )
    [problem] = problems(task_files)
    assert "${label}" in problem
    assert "fields: text" in problem


def test_placeholders_of_generated_items_are_not_judged(task_files: Path) -> None:
    (task_files / "task.html").write_text("${anything}")
    state = SharedStaticTaskState(static_task_data=lambda: iter([{"anything": 1}]))
    assert problems(task_files, state, data_csv=None) == []


def test_the_first_data_source_counts(make: Any, task_files: Path) -> None:
    state = SharedStaticTaskState(static_task_data=[{"text": "from Python"}])
    source = {"task_source": str(task_files / "task.html")}
    from_file = make(StaticTaskBlueprint, state, data_csv=str(task_files / "data.csv"), **source)
    texts = [item.shared["text"] for item in from_file.get_initialization_data()]
    assert texts == ["one", "two"]
    from_python = make(StaticTaskBlueprint, state, **source)
    texts = [item.shared["text"] for item in from_python.get_initialization_data()]
    assert texts == ["from Python"]


def test_each_item_becomes_an_assignment_with_its_units(make: Any, task_files: Path) -> None:
    blueprint = make(
        StaticTaskBlueprint,
        task_source=str(task_files / "task.html"),
        data_csv=str(task_files / "data.csv"),
        units_per_assignment=3,
    )
    first, second = blueprint.get_initialization_data()
    assert first.shared == {"text": "one", "html": "task.html"}
    assert second.unit_data == [{}, {}, {}]
    assert second.unit_data[0] is not second.unit_data[1]


def numbers() -> Iterator[dict[str, Any]]:
    for number in itertools.count():
        yield {"text": number}


@pytest.mark.parametrize("data", [numbers, numbers()], ids=["function", "generator"])
def test_an_endless_source_is_read_as_units_are_needed(
    make: Any, task_files: Path, data: Any
) -> None:
    taken = 0

    def counted() -> Iterator[dict[str, Any]]:
        nonlocal taken
        for item in data() if callable(data) else data:
            taken += 1
            yield item

    state = SharedStaticTaskState(static_task_data=counted)
    assert problems(task_files, state, data_csv=None) == []
    assert taken == 0
    blueprint = make(StaticTaskBlueprint, state, task_source=str(task_files / "task.html"))
    source = iter(blueprint.get_initialization_data())
    assert [next(source).shared["text"] for _ in range(3)] == [0, 1, 2]
    assert taken == 3


def test_a_resumed_run_gets_the_same_items_again(make: Any, task_files: Path) -> None:
    state = SharedStaticTaskState(static_task_data=numbers)
    blueprint = make(StaticTaskBlueprint, state, task_source=str(task_files / "task.html"))
    for _ in range(2):
        assert next(iter(blueprint.get_initialization_data())).shared["text"] == 0


async def test_an_async_generator_gives_items(make: Any, task_files: Path) -> None:
    async def endless() -> AsyncIterator[dict[str, Any]]:
        for item in numbers():
            yield item

    state = SharedStaticTaskState(static_task_data=endless)
    assert problems(task_files, state, data_csv=None) == []
    blueprint = make(StaticTaskBlueprint, state, task_source=str(task_files / "task.html"))
    source = blueprint.get_initialization_data()
    assert [(await anext(source)).shared["text"] for _ in range(2)] == [0, 1]
    await source.aclose()


@pytest.mark.parametrize("data", ["text", {"a": 1}, 7])
def test_data_that_is_no_source_of_items_is_a_problem(task_files: Path, data: Any) -> None:
    [problem] = problems(task_files, SharedStaticTaskState(static_task_data=data), data_csv=None)
    assert problem.startswith("static_task_data: is of type")


def test_an_item_that_is_no_mapping_is_named(make: Any, task_files: Path) -> None:
    listed = SharedStaticTaskState(static_task_data=[{"text": 1}, "two"])
    [problem] = problems(task_files, listed, data_csv=None)
    assert problem.startswith("static_task_data[1]: is of type str")
    lazy = SharedStaticTaskState(static_task_data=lambda: iter([{"text": 1}, "two"]))
    blueprint = make(StaticTaskBlueprint, lazy, task_source=str(task_files / "task.html"))
    source = iter(blueprint.get_initialization_data())
    next(source)
    with pytest.raises(ConfigError, match=r"static_task_data\[1\]"):
        next(source)


def build(make: Any, root: Path, blueprint_class: Any, **options: Any) -> Path:
    root.mkdir()
    blueprint = make(blueprint_class, **options)
    blueprint.TaskBuilderClass(blueprint).build_in_dir(root)
    return root


def test_the_site_has_the_page_and_the_tasks_files(
    make: Any, task_files: Path, tmp_path: Path
) -> None:
    extra = task_files / "extra"
    (extra / "images").mkdir(parents=True)
    (extra / "images" / "a.png").write_bytes(b"png")
    (extra / "mephisto_page.css").write_text("own")
    (task_files / "on.html").write_text("onboarding")
    site = build(
        make,
        tmp_path / "site",
        StaticTaskBlueprint,
        task_source=str(task_files / "task.html"),
        onboarding_source=str(task_files / "on.html"),
        extra_source_dir=str(extra),
    )
    files = {str(path.relative_to(site)) for path in site.rglob("*") if path.is_file()}
    assert files == {
        "index.html",
        "bundle.js",
        "mephisto_page.css",
        "task.html",
        "preview.html",
        "onboarding.html",
        "images/a.png",
    }
    assert (site / "mephisto_page.css").read_text() == "own"
    assert (site / "preview.html").read_text() == (task_files / "task.html").read_text()
    assert (site / "onboarding.html").read_text() == "onboarding"


def test_a_link_out_of_the_extra_folder_is_refused(
    make: Any, task_files: Path, tmp_path: Path
) -> None:
    extra = task_files / "extra"
    extra.mkdir()
    (extra / "real.txt").write_text("real")
    (extra / "inside.txt").symlink_to("real.txt")
    assert problems(task_files, extra_source_dir=str(extra)) == []
    (extra / "passwords").symlink_to("/etc/passwd")
    (extra / "etc").symlink_to("/etc")
    found = problems(task_files, extra_source_dir=str(extra))
    assert [text.split(" is a ")[1] for text in found] == [
        "link that leads out of the folder (put the file itself there)"
    ] * 2
    with pytest.raises(ConfigError, match="leads out of the folder"):
        build(
            make,
            tmp_path / "site",
            StaticTaskBlueprint,
            task_source=str(task_files / "task.html"),
            extra_source_dir=str(extra),
        )
    assert not any((tmp_path / "site").glob("*passw*"))


def test_a_bundle_gets_an_index_page_unless_it_brings_one(
    make: Any, task_files: Path, tmp_path: Path
) -> None:
    bundle = task_files / "main.js"
    bundle.write_text("run()")
    plain = build(make, tmp_path / "a", StaticReactTaskBlueprint, task_source=str(bundle))
    assert (plain / "bundle.js").read_text() == "run()"
    index = (plain / "index.html").read_text()
    assert index.index("wrap_crowd_source.js") < index.index('id="app"') < index.index("bundle.js")
    assert "//" not in index.replace("<!doctype", "")
    extra = task_files / "extra"
    extra.mkdir()
    (extra / "index.html").write_text("own")
    options = {"task_source": str(bundle), "extra_source_dir": str(extra)}
    own = build(make, tmp_path / "b", StaticReactTaskBlueprint, **options)
    assert (own / "index.html").read_text() == "own"


def test_a_linked_bundle_follows_a_rebuild(make: Any, task_files: Path, tmp_path: Path) -> None:
    bundle = task_files / "main.js"
    bundle.write_text("before")
    options = {"task_source": os.path.relpath(bundle), "link_task_source": True}
    site = build(make, tmp_path / "a", StaticReactTaskBlueprint, **options)
    bundle.write_text("after")
    assert (site / "bundle.js").read_text() == "after"


def test_an_extra_file_never_overwrites_a_linked_bundle(
    make: Any, task_files: Path, tmp_path: Path
) -> None:
    bundle = task_files / "main.js"
    bundle.write_text("the author's")
    extra = task_files / "extra"
    extra.mkdir()
    (extra / "bundle.js").write_text("extra")
    options = {"task_source": str(bundle), "link_task_source": True, "extra_source_dir": str(extra)}
    site = build(make, tmp_path / "a", StaticReactTaskBlueprint, **options)
    assert (site / "bundle.js").read_text() == "extra"
    assert bundle.read_text() == "the author's"


def test_a_missing_bundle_is_a_problem(task_files: Path) -> None:
    args = StaticReactTaskBlueprint.ArgsClass(
        task_source=str(task_files / "no.js"), data_csv=str(task_files / "data.csv")
    )
    [problem] = StaticReactTaskBlueprint.assert_task_args(args, SharedStaticTaskState())
    assert problem.where == "mephisto.blueprint.task_source"


def test_the_task_config_of_the_shared_state_reaches_the_page(make: Any, task_files: Path) -> None:
    state = SharedStaticTaskState(task_config={"block_mobile": True})
    blueprint = make(StaticTaskBlueprint, state, task_source=str(task_files / "task.html"))
    assert blueprint.get_frontend_args()["block_mobile"] is True
