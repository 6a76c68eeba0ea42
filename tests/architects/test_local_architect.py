from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from omegaconf import OmegaConf

from mephisto_architects.local import LocalArchitect, LocalArgs
from mephisto_engine.abstractions.architect import ArchitectContext
from mephisto_engine.errors import ArchitectError
from mephisto_engine.testing.recording import RecordingBackend
from mephisto_engine.testing.records import make_run, make_site
from mephisto_engine.testing.simulator import Simulator


@asynccontextmanager
async def _deployed(
    folder: Path, backend: RecordingBackend | None = None, **args: Any
) -> AsyncIterator[str]:
    context = ArchitectContext(make_run(), make_site(folder), backend or RecordingBackend())
    architect = LocalArchitect(LocalArgs(**({"port": "0"} | args)), context)
    await architect.prepare()
    try:
        yield await architect.deploy()
    finally:
        await architect.shutdown()


def test_an_existing_config_is_accepted():
    existing = {
        "_architect_type": "local",
        "server_type": "node",
        "server_source_path": None,
        "hostname": "localhost",
        "port": 0,
    }
    config = OmegaConf.merge(OmegaConf.structured(LocalArgs), existing)
    assert list(LocalArchitect.assert_task_args(config)) == []


def test_all_problems_are_found_at_once():
    args = LocalArgs(port="x", tls_cert="/nowhere.pem", public_url="example.org")
    found = [problem.where for problem in LocalArchitect.assert_task_args(args)]
    assert found == [
        "mephisto.architect.port",
        "mephisto.architect.tls_key",
        "mephisto.architect.public_url",
    ]


async def test_a_port_that_was_taken_meanwhile_is_an_error(tmp_path, taken_port):
    with pytest.raises(ArchitectError) as caught:
        async with _deployed(tmp_path, port=str(taken_port)):
            pass
    assert str(taken_port) in caught.value.message
    assert "0" in caught.value.hint


async def test_workers_are_sent_to_the_public_address(tmp_path):
    async with _deployed(tmp_path, public_url="https://tasks.example.org/") as url:
        assert url == "https://tasks.example.org"


async def test_a_certificate_makes_it_https(tmp_path, certificate):
    paths = {"tls_cert": certificate.cert, "tls_key": certificate.key}
    async with _deployed(tmp_path, **paths) as url, aiohttp.ClientSession() as session:
        assert url.startswith("https://localhost:")
        async with session.get(f"{url}/is_alive", ssl=False) as response:
            assert await response.json() == {"status": "Alive!"}


async def test_a_certificate_that_broke_meanwhile_is_an_error(tmp_path, certificate):
    broken = tmp_path / "broken.pem"
    broken.write_text("nothing")
    with pytest.raises(ArchitectError, match="certificate"):
        async with _deployed(tmp_path, tls_cert=str(broken), tls_key=certificate.key):
            pass


async def test_two_runs_are_on_line_beside_each_other(tmp_path):
    async with _deployed(tmp_path / "a") as first, _deployed(tmp_path / "b") as second:
        assert first != second


async def test_simulated_workers_do_every_unit_through_it_whatever_else_they_send(tmp_path):
    backend = RecordingBackend(units=40)
    async with _deployed(tmp_path, backend) as url:
        simulator = Simulator(
            url, workers=5, work_seconds=0, junk=0.7, retry_seconds=0.001, patience=1
        )
        simulator.start()
        async with asyncio.timeout(30):
            report = await simulator.wait()
        await simulator.stop()
    assert report.submitted == len(backend.answers) == 40
    assert not report.failures
    assert report.junk.total() > 0
