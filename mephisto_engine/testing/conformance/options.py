"""What the options of every plugin keep, whatever its kind."""

# ruff: noqa: D102 - the name of a test says what is true

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from mephisto_engine.abstractions.args import describe_args
from mephisto_engine.errors import Problem


class OptionsConformance:
    """Base of the suites; a suite says how options are checked and what the cases are."""

    type_field: str
    """The Args field that names the plugin: ``_architect_type`` and so on."""

    def plugin(self, case: Any) -> tuple[type[Any], str]:
        """The plugin's class and the type that it declares."""
        raise NotImplementedError

    def problems(self, case: Any, args: Any) -> Iterable[Problem]:
        """What the plugin finds wrong with options."""
        raise NotImplementedError

    @pytest.fixture
    def case(self) -> Any:
        """What is tested; an author's subclass gives it."""
        raise NotImplementedError("override the fixture `case`")

    @pytest.fixture(autouse=True)
    def outside(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """An empty folder that is the working directory, the home and the data directory."""
        folder = tmp_path / "outside"
        folder.mkdir()
        monkeypatch.chdir(folder)
        monkeypatch.setenv("HOME", str(folder))
        monkeypatch.setenv("MEPHISTO_HOME", str(folder / "mephisto"))
        return folder

    def test_every_option_has_help(self, case: Any) -> None:
        plugin_class, _ = self.plugin(case)
        without = [item.name for item in describe_args(plugin_class.ArgsClass) if not item.help]
        assert not without

    def test_its_options_are_a_structured_config(self, case: Any) -> None:
        plugin_class, plugin_type = self.plugin(case)
        config = OmegaConf.structured(plugin_class.ArgsClass)
        assert config[self.type_field] == plugin_type

    def test_good_options_have_no_problem(self, case: Any) -> None:
        assert list(self.problems(case, case.args)) == []

    def test_good_options_from_a_config_have_no_problem(self, case: Any) -> None:
        assert list(self.problems(case, OmegaConf.structured(case.args))) == []

    def test_wrong_options_are_problems(self, case: Any) -> None:
        wrong_args: Sequence[Any] = case.wrong_args
        for args in wrong_args:
            found = list(self.problems(case, args))
            assert found, f"no problem found with {args}"
            assert all(problem.where and problem.what for problem in found)

    def test_checking_options_creates_nothing(self, case: Any, outside: Path) -> None:
        for args in (case.args, *case.wrong_args):
            list(self.problems(case, args))
        assert list(outside.rglob("*")) == []
