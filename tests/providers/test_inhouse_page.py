"""The in-house page script in node; a real browser is left to the browser tests."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from mephisto_engine.testing.conformance.page_script import ScriptedPage, find_node
from mephisto_providers.inhouse import InhouseProvider

pytestmark = pytest.mark.skipif(find_node() is None, reason="node is not installed")

_SCRIPT = InhouseProvider.page_script()


def test_the_page_tells_worker_assignment_and_key_from_the_query():
    page = ScriptedPage(_SCRIPT, "worker_id=alice&id=7&key=k")
    (data, visited) = page.evaluate("getAgentRegistration()", "visited")
    assert data == {
        "worker_name": "alice",
        "agent_registration_id": "7-alice",
        "assignment_id": "7",
        "provider_type": "inhouse",
        "key": "k",
    }
    assert visited == []


def test_after_a_submission_the_next_task_starts_for_the_same_worker():
    page = ScriptedPage(_SCRIPT, "worker_id=Ana+R%C3%A9&id=7&key=k")
    (_, visited, thanks) = page.evaluate(
        "handleSubmitToProvider({a: 1})",
        "visited",
        "sessionStorage.getItem('mephisto-inhouse-thanks')",
    )
    (url,) = visited
    query = parse_qs(urlsplit(url).query)
    assert urlsplit(url).path == "/welcome"
    assert query["worker_id"] == ["Ana Ré"]
    assert query["key"] == ["k"]
    assert query["id"] != ["7"]
    assert thanks == "1"


def test_a_link_without_an_id_gets_one():
    (visited,) = ScriptedPage(_SCRIPT, "worker_id=alice&condition=2").evaluate("visited")
    query = parse_qs(urlsplit(visited[0]).query)
    assert query["worker_id"] == ["alice"]
    assert query["condition"] == ["2"]
    assert len(query["id"][0]) == 16


@pytest.mark.parametrize("query", ["", "preview=1", "worker_id=alice&preview=1"])
def test_a_preview_goes_nowhere_by_itself(query: str):
    (visited,) = ScriptedPage(_SCRIPT, query).evaluate("visited")
    assert visited == []


def test_a_browser_that_keeps_nothing_can_still_submit():
    page = ScriptedPage(_SCRIPT, "worker_id=alice&id=7")
    (_, _, visited) = page.evaluate(
        "sessionStorage.setItem = () => { throw new Error('denied') }; console.warn = () => {}; 1",
        "handleSubmitToProvider({})",
        "visited",
    )
    assert len(visited) == 1
