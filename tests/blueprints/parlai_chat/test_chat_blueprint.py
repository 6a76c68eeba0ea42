"""Options, data files, world files and the site."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from chat_world import Script, make_blueprint

from mephisto_blueprints.parlai_chat import ParlAIChatBlueprint
from mephisto_blueprints.parlai_chat.args import ParlAIChatArgs, SharedParlAITaskState
from mephisto_engine.abstractions.registry import PluginKind, Registry
from mephisto_engine.config import load_launch_config
from mephisto_engine.testing.conformance import BlueprintCase, BlueprintConformance
from mephisto_engine.testing.records import make_run, make_unit

EXAMPLE = Path(__file__).parents[3] / "examples" / "parlai_chat"
GOOD = """
def make_world(opt, agents): ...
def get_world_params(): return {"agent_count": 2}
"""

Problems = Callable[..., list[str]]


@pytest.fixture
def problems(tmp_path: Path) -> Problems:
    """What is wrong with a world file's text and some options."""

    def find(world: str = GOOD, state: Any = None, **options: Any) -> list[str]:
        file = tmp_path / "worlds.py"
        file.write_text(world)
        if not {"context_csv", "context_jsonl"} & set(options):
            options.setdefault("num_conversations", 1)
        args = ParlAIChatArgs(**{"world_file": str(file), **options})
        found = ParlAIChatBlueprint.assert_task_args(args, state or SharedParlAITaskState())
        return [str(problem).replace(str(tmp_path), ".") for problem in found]

    return find


def test_a_sound_world_file_has_no_problems(problems: Problems) -> None:
    assert problems() == []


@pytest.mark.parametrize(
    ("world", "expected"),
    [
        ("x = 1\nraise ValueError('broken')", "./worlds.py:2: ValueError: broken"),
        ("import sys\nsys.exit(3)", "./worlds.py:2: SystemExit: 3"),
        ("def make_world(:", "./worlds.py:1: SyntaxError: invalid syntax"),
        (
            "def make_world(opt, agents): ...",
            "./worlds.py: has no function 'get_world_params'",
        ),
        (
            "def get_world_params(): return {'agent_count': 1}",
            "./worlds.py: has no function 'make_world'",
        ),
        (GOOD + "make_world = 3", "./worlds.py: has no function 'make_world'"),
        (GOOD + "def get_world_params(): return 1 / 0", "get_world_params: ZeroDivisionError"),
        (GOOD + "def get_world_params(): return {}", "get_world_params gives {}"),
        (GOOD + "def get_world_params(): return {'agent_count': 0}", "'agent_count': 0"),
        (GOOD + "def get_world_params(): return {'agent_count': True}", "'agent_count': True"),
        (GOOD + "def get_world_params(): return {'agent_count': '2'}", "'agent_count': '2'"),
        ("import parlai.core", "install parlai"),
    ],
)
def test_a_world_file_that_cannot_be_used_is_a_problem(
    problems: Problems, world: str, expected: str
) -> None:
    [problem] = problems(world)
    assert expected in problem


def test_a_world_file_that_is_not_there_is_a_problem(problems: Problems) -> None:
    [problem] = problems(world_file="/nowhere/worlds.py")
    assert "/nowhere/worlds.py is no Python file" in problem


def test_a_module_of_the_run_script_takes_the_place_of_the_file(problems: Problems) -> None:
    module = Script(3, make_world=print)
    state = SharedParlAITaskState(world_module=module)
    assert problems(world_file="/nowhere/worlds.py", state=state) == []
    assert make_blueprint(module).worlds.agent_count == 3


def test_a_world_file_imports_what_lies_beside_it_and_leaves_nothing_behind(
    problems: Problems, tmp_path: Path
) -> None:
    (tmp_path / "beside_world.py").write_text("COUNT = 2")
    before = list(sys.path)
    world = "from beside_world import COUNT\n" + GOOD.replace("2", "COUNT")
    assert problems(world) == []
    assert sys.path == before
    assert "beside_world" not in sys.modules


def test_onboarding_needs_its_world(problems: Problems) -> None:
    [problem] = problems(onboarding_qualification="chatty")
    assert "make_onboarding_world" in problem
    world = GOOD + "def make_onboarding_world(opt, agent): ..."
    assert problems(world, onboarding_qualification="chatty") == []


def test_nobody_waits_for_no_time_or_starts_alone_as_nobody(problems: Problems) -> None:
    [problem] = problems(partner_wait_seconds=0)
    assert "partner_wait_seconds: is 0" in problem
    [problem] = problems(min_agents=0)
    assert "min_agents: is 0" in problem


def test_no_conversations_is_a_problem(problems: Problems) -> None:
    [problem] = problems(num_conversations=None)
    assert "give context_csv, context_jsonl or num_conversations" in problem
    [problem] = problems(num_conversations=0)
    assert "num_conversations: is 0" in problem


@pytest.mark.parametrize(
    ("option", "text", "expected"),
    [
        ("context_csv", "a,b\n1,2\n3\n", "./data:3:2: the row has 1 cells"),
        ("context_csv", "", "./data: is empty"),
        ("context_csv", "a\n", "./data: has no items"),
        ("context_jsonl", '{"a": 1}\n[2]\n', "./data:2: is a list"),
        ("context_jsonl", '{"a": \n', "./data:1"),
    ],
)
def test_a_faulty_context_is_named_by_its_row(
    problems: Problems, tmp_path: Path, option: str, text: str, expected: str
) -> None:
    file = tmp_path / "data"
    file.write_text(text)
    [problem] = problems(**{option: str(file)})
    assert expected in problem


def test_a_source_dir_needs_its_bundle(problems: Problems, tmp_path: Path) -> None:
    [problem] = problems(custom_source_dir=str(tmp_path))
    assert "custom_source_bundle" in problem
    bundle = tmp_path / "bundle.js"
    bundle.write_text("//")
    assert problems(custom_source_dir=str(tmp_path), custom_source_bundle=str(bundle)) == []


@pytest.mark.parametrize(
    "option",
    ["task_description_file", "preview_source", "custom_source_bundle", "extra_source_dir"],
)
def test_a_missing_file_of_the_page_is_a_problem(problems: Problems, option: str) -> None:
    [problem] = problems(**{option: "/nowhere"})
    assert f"mephisto.blueprint.{option}" in problem


def blueprint(tmp_path: Path, **options: Any) -> ParlAIChatBlueprint:
    file = tmp_path / "worlds.py"
    file.write_text(GOOD)
    state = SharedParlAITaskState(frontend_task_opts={"a": 1}, task_config={"frame_height": 0})
    args = ParlAIChatArgs(world_file=str(file), **options)
    return ParlAIChatBlueprint(args, state, make_run(task_name="tea-talk"))


def test_each_context_is_a_conversation_of_so_many_workers(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("topic\ntea\nrain\n")
    (tmp_path / "c.jsonl").write_text('{"topic": "snow"}\n')
    by_csv = blueprint(tmp_path, context_csv=str(tmp_path / "c.csv"))
    by_jsonl = blueprint(tmp_path, context_jsonl=str(tmp_path / "c.jsonl"))
    by_number = blueprint(tmp_path, num_conversations=3)
    assert [item.shared for item in by_csv.get_initialization_data()] == [
        {"topic": "tea"},
        {"topic": "rain"},
    ]
    assert [item.shared for item in by_jsonl.get_initialization_data()] == [{"topic": "snow"}]
    more = list(by_number.read_items(tmp_path / "c.csv"))
    assert [item.shared for item in more] == [{"topic": "tea"}, {"topic": "rain"}]
    assert more[0].unit_data == [{}, {}]
    items = list(by_number.get_initialization_data())
    assert [item.shared for item in items] == [{}] * 3
    assert [item.unit_data for item in items] == [[{}, {}]] * 3
    assert items[0].unit_data[0] is not items[0].unit_data[1]
    assert by_csv.TaskRunnerClass(by_csv).is_concurrent


def test_a_conversation_of_one_is_not_concurrent() -> None:
    alone = make_blueprint(Script(1, make_world=print))
    assert not alone.TaskRunnerClass(alone).is_concurrent


def test_the_page_gets_mephistos_config(tmp_path: Path) -> None:
    (tmp_path / "d.html").write_text("<p>do this</p>")
    (tmp_path / "p.html").write_text("<p>look</p>")
    made = blueprint(
        tmp_path,
        num_conversations=1,
        task_description_file=str(tmp_path / "d.html"),
        preview_source=str(tmp_path / "p.html"),
    )
    assert made.get_frontend_args() == {
        "task_description": "<p>do this</p>",
        "preview_html": "<p>look</p>",
        "frame_height": 0,
        "chat_title": "tea-talk",
        "has_preview": True,
        "block_mobile": True,
        "frontend_task_opts": {"a": 1},
    }
    plain = blueprint(tmp_path, num_conversations=1).get_frontend_args()
    assert plain["has_preview"] is False
    assert plain["preview_html"] == plain["task_description"] == ""


def test_the_site_has_the_built_in_page_or_the_bundle(tmp_path: Path) -> None:
    (tmp_path / "bundle.js").write_text("'mine'")
    (tmp_path / "extra").mkdir()
    (tmp_path / "extra" / "picture.png").write_bytes(b"png")
    built_in, custom = tmp_path / "built_in", tmp_path / "custom"
    for root, bundle in ((built_in, None), (custom, str(tmp_path / "bundle.js"))):
        root.mkdir()
        made = blueprint(
            tmp_path,
            num_conversations=1,
            custom_source_bundle=bundle,
            extra_source_dir=str(tmp_path / "extra"),
        )
        made.TaskBuilderClass(made).build_in_dir(root)
        assert (root / "picture.png").is_file()
    assert (custom / "bundle.js").read_text() == "'mine'"
    assert (custom / "notif.mp3").read_bytes().startswith(b"RIFF")
    assert not (custom / "chat").exists()
    assert not (built_in / "bundle.js").exists()
    assert 'src="chat/main.js"' in (built_in / "index.html").read_text()


def test_every_script_that_the_page_imports_is_in_the_site(tmp_path: Path) -> None:
    root = tmp_path / "site"
    root.mkdir()
    made = blueprint(tmp_path, num_conversations=1)
    made.TaskBuilderClass(made).build_in_dir(root)
    for script in (root / "chat").glob("*.js"):
        for line in script.read_text().splitlines():
            if line.startswith(("import ", "} from ")):
                name = line.split('"')[1]
                assert (script.parent / name).is_file(), f"{script.name} imports {name}"


def test_the_world_files_judge_gets_what_mephistos_gets() -> None:
    judged: list[Any] = []
    module = Script(1, make_world=print, validate_onboarding=judged.append)
    state = make_blueprint(module).shared_state
    assert state.validate_onboarding is not None
    state.validate_onboarding({"inputs": {"a": 1}, "outputs": {}, "messages": [{"text": "hi"}]})
    assert judged == [
        {
            "inputs": {"a": 1},
            "outputs": {"messages": [{"text": "hi"}], "final_submission": {}},
            "metadata": {},
        }
    ]


def test_the_run_scripts_judge_goes_before_the_world_files() -> None:
    module = Script(1, make_world=print, validate_onboarding=print)
    assert make_blueprint(module, validate_onboarding=len).shared_state.validate_onboarding is len


def test_a_stored_answer_reads_as_mephistos() -> None:
    state = ParlAIChatBlueprint.AgentStateClass()
    unit = make_unit(shared={"topic": "tea"})
    assert state.get_parsed_data(unit, {}, [{"text": "hi"}]) == {
        "inputs": {"topic": "tea"},
        "outputs": {"messages": [{"text": "hi"}], "final_submission": {}},
    }


@pytest.mark.parametrize(
    ("config", "conversations", "workers"), [("conf.yaml", 3, 2), ("conf_assistant.yaml", 5, 1)]
)
def test_an_example_is_sound(config: str, conversations: int, workers: int) -> None:
    registry = Registry()
    loaded = load_launch_config(EXAMPLE / config, [], registry)
    blueprint_class = registry.load(PluginKind.BLUEPRINT, "parlai_chat")
    made = blueprint_class(loaded.blueprint_args, loaded.shared_state, make_run())
    items = list(made.get_initialization_data())
    assert len(items) == conversations
    assert len(items[0].unit_data) == workers
    json.dumps(made.get_frontend_args())


class TestParlAIChatBlueprint(BlueprintConformance):
    @pytest.fixture
    def case(self, tmp_path: Path) -> BlueprintCase:
        return BlueprintCase(
            ParlAIChatBlueprint,
            ParlAIChatArgs(world_file=str(EXAMPLE / "worlds.py"), num_conversations=2),
            wrong_args=[
                ParlAIChatArgs(world_file="/nowhere.py", num_conversations=2),
                ParlAIChatArgs(world_file=str(EXAMPLE / "worlds.py")),
            ],
            shared_state=SharedParlAITaskState(world_opt={"num_turns": 1, "turn_timeout": 60}),
            page_files=["index.html", "chat/main.js"],
        )


class TestParlAIChatBlueprintOfOne(BlueprintConformance):
    @pytest.fixture
    def case(self, tmp_path: Path) -> BlueprintCase:
        return BlueprintCase(
            ParlAIChatBlueprint,
            ParlAIChatArgs(world_file=str(EXAMPLE / "assistant_worlds.py"), num_conversations=2),
            shared_state=SharedParlAITaskState(world_opt={"num_turns": 1, "turn_timeout": 60}),
            page_files=["index.html", "chat/main.js"],
        )
