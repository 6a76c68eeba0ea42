"""Accepted tips reach the pages; what is wrong with their file is said before the launch."""

from __future__ import annotations

from pathlib import Path

import pytest
from engine_world import World

from mephisto_engine.errors import ConfigError


def config_with(world: World, path: Path, task_config: dict[str, object] | None = None) -> object:
    state = {"task_config": task_config or {}}
    return world.config(shared_state=state, options={"tips_location": str(path)})


@pytest.mark.parametrize("is_overridden", [False, True])
async def test_accepted_tips_are_part_of_the_task_config(
    world: World, tmp_path: Path, is_overridden: bool
) -> None:
    path = tmp_path / "tips.csv"
    path.write_text('header,text\nLook twice,"It is small, and pale"\n', "utf-8-sig")
    own = {"tips": []} if is_overridden else {}
    run_id = await world.operator.launch(config_with(world, path, own))  # type: ignore[arg-type]
    site = world.run(run_id).driver._job.make_site()
    tip = {"header": "Look twice", "text": "It is small, and pale"}
    assert site.task_config["tips"] == ([] if is_overridden else [tip])


@pytest.mark.parametrize("text", [None, "", "title,words\na,b\n"])
def test_a_file_of_tips_that_is_none_is_named(
    world: World, tmp_path: Path, text: str | None
) -> None:
    path = tmp_path / "tips.csv"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigError) as error:
        config_with(world, path)
    [problem] = error.value.problems
    assert problem.where == "mephisto.blueprint.tips_location"
