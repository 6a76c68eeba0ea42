from __future__ import annotations

from pathlib import Path

from mephisto_architects.mock import MockArchitect, MockArgs
from mephisto_engine.abstractions.architect import ArchitectContext
from mephisto_engine.testing.recording import Packet, RecordingBackend
from mephisto_engine.testing.records import make_run, make_site


def _architect(folder: Path, **args: object) -> MockArchitect:
    context = ArchitectContext(make_run(), make_site(folder), RecordingBackend())
    return MockArchitect(MockArgs(**args), context)


async def test_what_the_engine_sends_can_be_read(tmp_path):
    architect = _architect(tmp_path)
    await architect.deploy()
    channel = architect.get_channel()
    channel.send_status("a", "in task")
    channel.send_live_update("b", {"text": "hello", "update_id": "1"})
    channel.send_live_update("b", {"text": "again"})
    assert architect.recorded.sent_to("a") == [Packet("status", "a", "in task")]
    first, second = architect.recorded.sent_to("b")
    assert first.body == {"text": "hello", "update_id": "1"}
    assert second.body["update_id"]


async def test_its_channel_is_open_while_it_is_deployed(tmp_path):
    architect = _architect(tmp_path)
    channel = architect.get_channel()
    assert not channel.is_open()
    await architect.deploy()
    assert channel.is_open()
    await architect.shutdown()
    assert not channel.is_open()


def test_a_port_that_it_does_not_use_is_not_looked_at(taken_port):
    args = MockArgs(port=str(taken_port))
    assert list(MockArchitect.assert_task_args(args)) == []
    args.should_run_server = True
    assert len(list(MockArchitect.assert_task_args(args))) == 1
