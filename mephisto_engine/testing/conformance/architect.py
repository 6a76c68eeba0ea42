"""Whether an Architect keeps its contract."""

# ruff: noqa: D102 - the name of a test says what is true

from __future__ import annotations

import asyncio
import urllib.request
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit

import pytest

from mephisto_engine.abstractions.architect import Architect, ArchitectContext
from mephisto_engine.errors import Problem
from mephisto_engine.testing.conformance.options import OptionsConformance
from mephisto_engine.testing.recording import RecordingBackend
from mephisto_engine.testing.records import make_run, make_site


@dataclass
class ArchitectCase:
    """An architect to test, with options that deploy to a place the test can reach."""

    architect_class: type[Architect]
    args: Any
    wrong_args: Sequence[Any] = ()
    """Options that are each wrong in some way."""
    serves: bool = True
    """Whether the URL can be opened from where the test runs."""


class ArchitectConformance(OptionsConformance):
    """Subclass it and override the fixture `case`."""

    type_field = "_architect_type"

    def plugin(self, case: ArchitectCase) -> tuple[type[Architect], str]:
        """The architect's class and type."""
        return case.architect_class, case.architect_class.ARCHITECT_TYPE

    def problems(self, case: ArchitectCase, args: Any) -> Iterable[Problem]:
        """What the architect finds wrong with options."""
        return case.architect_class.assert_task_args(args)

    @pytest.fixture
    def architect(self, case: ArchitectCase, tmp_path: Path) -> Architect:
        """A new architect over a site of one page."""
        return case.architect_class(case.args, _context(tmp_path))

    def test_the_site_is_on_line_between_deploy_and_shutdown(
        self, case: ArchitectCase, architect: Architect
    ) -> None:
        async def life() -> str:
            async with _deployed(architect) as url:
                assert architect.get_channel().is_open()
                if case.serves:
                    assert "Alive!" in await _open(f"{url}/is_alive")
                    assert "<title>Sample</title>" in await _open(f"{url}/")
            return url

        url = asyncio.run(life())
        if case.serves:
            with pytest.raises((URLError, OSError)):
                asyncio.run(_open(f"{url}/is_alive"))

    def test_the_url_is_a_web_address_without_a_path(self, architect: Architect) -> None:
        async def life() -> str:
            async with _deployed(architect) as url:
                return url

        parts = urlsplit(asyncio.run(life()))
        assert parts.scheme in ("http", "https")
        assert parts.hostname
        assert parts.path == ""

    def test_it_can_be_deployed_again_after_shutdown(
        self, case: ArchitectCase, tmp_path: Path
    ) -> None:
        async def life() -> None:
            for _ in range(2):
                architect = case.architect_class(case.args, _context(tmp_path))
                async with _deployed(architect):
                    assert architect.get_channel().is_open()

        asyncio.run(life())

    def test_shutdown_may_be_repeated(self, architect: Architect) -> None:
        async def life() -> None:
            async with _deployed(architect):
                pass
            await architect.shutdown()

        asyncio.run(life())

    @pytest.mark.parametrize("is_prepared", [False, True])
    def test_shutdown_without_deploy_does_no_harm(
        self, architect: Architect, is_prepared: bool
    ) -> None:
        async def life() -> None:
            if is_prepared:
                await architect.prepare()
            await architect.shutdown()

        asyncio.run(life())

    def test_nothing_keeps_running_after_shutdown(self, architect: Architect) -> None:
        async def life() -> set[asyncio.Task[Any]]:
            async with _deployed(architect):
                pass
            return asyncio.all_tasks() - {asyncio.current_task()}

        assert asyncio.run(life()) == set()

    def test_packets_for_pages_that_are_not_there_do_no_harm(self, architect: Architect) -> None:
        async def life() -> None:
            async with _deployed(architect):
                channel = architect.get_channel()
                channel.send_status("0" * 32, "in task")
                channel.send_live_update("0" * 32, {"text": "hello"})
                channel.forget("0" * 32)
                assert channel.connection_count() == 0

        asyncio.run(life())

    @pytest.mark.parametrize("name", ["../../secret.txt", "/etc/passwd", "a/../../secret.txt"])
    def test_an_upload_is_never_looked_for_elsewhere(self, architect: Architect, name: str) -> None:
        assert architect.get_upload(name).parent == architect.context.site.uploads


def _context(folder: Path) -> ArchitectContext:
    return ArchitectContext(make_run(), make_site(folder), RecordingBackend())


@asynccontextmanager
async def _deployed(architect: Architect) -> AsyncIterator[str]:
    await architect.prepare()
    try:
        yield await architect.deploy()
    finally:
        await architect.shutdown()


async def _open(url: str) -> str:
    return await asyncio.to_thread(_get, url)


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as response:
        body: bytes = response.read()
    return body.decode("utf-8")
