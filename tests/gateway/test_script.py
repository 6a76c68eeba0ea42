"""The wrapper script, run by node in a page of fakes (`page.mjs`)."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from mephisto_engine.gateway.script import compose

PROVIDER = """
function query(name) { return new URLSearchParams(window.location.search).get(name); }
function getWorkerName() { return query("worker_id"); }
function getAssignmentId() { return query("assignment_id"); }
function getAgentRegistration() {
  return { agent_registration_id: getAssignmentId() + "-" + getWorkerName() };
}
"""
PREVIEW = PROVIDER.replace('query("worker_id")', "null")
KEEP = "Your answer is kept and will be sent."
SUBMITTED = '{"status":"Submitted!"}'

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="needs node")


def run(scenario: str, provider: str = PROVIDER, **options: Any) -> Any:
    asked = {"script": compose(provider).body.decode(), "scenario": scenario, **options}
    page = Path(__file__).with_name("page.mjs")
    done = subprocess.run(
        ["node", str(page)], input=json.dumps(asked), capture_output=True, text=True, timeout=20
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def kept_answer(registration_id: str = "a-w", **fields: Any) -> dict[str, str]:
    body = json.dumps({"USED_AGENT_ID": "agent-9", "final_data": {"b": 2}, **fields})
    entry = {"body": body, "registrationId": registration_id, "keptAt": time.time() * 1000}
    return {"mephisto-answer:agent-9": json.dumps(entry)}


def test_the_config_has_settings_events_and_their_defaults() -> None:
    seen = run("config")
    assert seen["heard"] == [[1], [2, 3]]
    assert seen["value"] == 4
    assert seen["unset"] is None
    assert seen["defaults"] == [False, False, None]


def test_a_request_that_succeeds_is_sent_once_and_says_nothing() -> None:
    seen = run("success")
    assert seen["status"] == 200
    assert seen["response"] == SUBMITTED
    assert seen["isNative"]
    assert seen["events"] == ["state4", "load", "loadend"]
    assert len(seen["sent"]) == 1
    assert seen["told"] == []
    assert seen["kept"] == []


def test_failures_are_repeated_with_the_same_body_until_there_is_an_outcome() -> None:
    seen = run("restart")
    assert len(seen["sent"]) == 7
    assert len({json.dumps(sent, sort_keys=True) for sent in seen["sent"]}) == 1
    assert seen["sent"][0]["headers"] == {"Content-Type": "application/json"}
    assert seen["status"] == 200
    assert seen["state"] == 4
    assert seen["headers"] == "X-A: b\r\n"
    assert seen["url"] == "http://task.test/submit_task?extra=1"
    assert seen["events"] == ["state4", "load", "loadend"]
    assert seen["keptMeanwhile"] == ["mephisto-answer:agent-1"]
    assert seen["kept"] == []


def test_the_worker_is_told_in_one_line_that_screen_readers_hear() -> None:
    seen = run("restart")
    assert seen["told"][0] == f"The server is restarting. {KEEP}"
    assert seen["told"][-1] == "Your answer has been sent."
    assert seen["banner"] == {"role": "status", "aria-live": "polite"}


def test_waits_grow_are_spread_and_honour_the_server_s_wish() -> None:
    waits = run("restart")["delays"][:6]
    assert 500 <= waits[0] <= 1000
    assert 2000 <= waits[1] <= 3000  # Retry-After: 2
    assert 2000 <= waits[2] <= 4000
    assert max(waits) <= 30_000


def test_a_refusal_is_not_repeated_and_the_worker_is_told() -> None:
    seen = run("refused")
    assert seen["status"] == 404
    assert len(seen["sent"]) == 1
    assert seen["kept"] == []
    assert seen["told"] == ["The server did not accept this answer (code 404)."]


def test_a_registration_waits_for_the_server_too() -> None:
    seen = run("registration")
    assert seen["response"] == {"data": 1}
    assert len(seen["sent"]) == 2
    assert seen["kept"] == []
    assert seen["told"][0].startswith("The server is restarting. This page goes on")


def test_the_task_config_waits_for_the_server_too() -> None:
    seen = run("configFile")
    assert seen["status"] == 200
    assert len(seen["sent"]) == 2


def test_a_form_with_files_is_sent_again_as_it_was() -> None:
    assert run("form")["same"]


def test_other_requests_are_not_touched() -> None:
    seen = run("unrelated")
    assert seen["statuses"] == [503, 503, 503]
    assert len(seen["sent"]) == 3
    assert seen["told"] == []


def test_an_error_report_is_given_up_silently() -> None:
    seen = run("logError")
    assert seen["events"] == ["state4", "error", "loadend"]
    assert seen["status"] == 0
    assert len(seen["sent"]) == 5
    assert seen["told"] == []


def test_an_aborted_submission_settles_and_stays_kept() -> None:
    seen = run("abort")
    assert seen["events"] == ["state4", "abort", "loadend"]
    assert seen["status"] == 0
    assert seen["kept"] == ["mephisto-answer:agent-1"]


def test_a_page_s_own_timeout_is_honoured() -> None:
    seen = run("timeout")
    assert seen["events"] == ["state4", "timeout", "loadend"]
    assert seen["kept"] == ["mephisto-answer:agent-1"]


def test_a_request_object_can_be_used_again() -> None:
    assert run("reuse")["statuses"] == [200, 404, 200]


def test_fetch_is_repeated_too() -> None:
    seen = run("fetch")
    assert (seen["status"], seen["text"]) == (200, "ok")
    assert len(seen["sent"]) == 3
    assert seen["kept"] == []


def test_an_aborted_fetch_rejects() -> None:
    assert run("fetchAborted")["outcome"] == "AbortError"


def test_a_page_without_storage_works_all_the_same() -> None:
    seen = run("restart", storage=None)
    assert seen["status"] == 200
    assert len(seen["sent"]) == 7


def test_a_kept_answer_is_sent_when_the_worker_comes_back() -> None:
    seen = run("load", storage=kept_answer())
    [sent] = seen["sent"]
    assert (sent["method"], sent["url"]) == ("POST", "/submit_task")
    assert json.loads(sent["body"])["final_data"] == {"b": 2}
    assert seen["kept"] == []
    assert seen["told"] == ["Your earlier answer has been sent."]
    assert seen["handed"] == [{"b": 2}]


def test_an_answer_of_another_task_is_sent_but_not_handed_to_the_provider() -> None:
    seen = run("load", storage=kept_answer("other-w"))
    assert len(seen["sent"]) == 1
    assert seen["handed"] == []


def test_a_preview_sends_nothing() -> None:
    seen = run("load", PREVIEW, storage=kept_answer())
    assert seen["sent"] == []
    assert seen["kept"] == ["mephisto-answer:agent-9"]


@pytest.mark.parametrize("entry", ["", "not json", "null", "{}", '{"body": "{}", "keptAt": 0}'])
def test_a_broken_or_old_entry_is_cleared_away(entry: str) -> None:
    seen = run("load", storage={"mephisto-answer:agent-9": entry, "page's own": "x"})
    assert seen["sent"] == []
    assert seen["kept"] == ["page's own"]
