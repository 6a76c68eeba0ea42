"""The built-in page of HTML tasks, against a server that does nothing but speak the protocol."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from browser_driver import Browser
from wire_server import WireServer

pytestmark = pytest.mark.browser

Serve = Callable[..., WireServer]
RATING = '<label>good <input type="radio" name="rating" value="good" required></label>'
SUBMIT = "#html-task-submit-button"
STORED = "Thank you, your answer is stored."


def link(server: WireServer, worker: str = "ann") -> str:
    return f"{server.url}?worker_id={worker}&id=a1"


def test_an_answer_arrives_with_the_agents_token(browser: Browser, serve_html: Serve) -> None:
    server = serve_html(f"<h1>About ${{topic}}</h1>{RATING}", {"topic": "<i>tea</i>"})
    page = browser.open(link(server))
    page.wait_for_text("tea")
    assert page.call("title") == "About tea"
    page.click("[name=rating]")
    page.click(SUBMIT)
    page.wait_for_text(STORED)
    [form] = server.posts("/submit_task")
    assert form == {
        "rating": "good",
        "USED_AGENT_ID": "token-1",
        "final_string_data": {"rating": "good", "file1": {}},
    }
    page.call("waitForFunction", "window.sentToProvider.rating === 'good'")
    assert page.log("errors") == []


def test_the_registration_is_that_of_the_provider_script(
    browser: Browser, serve_html: Serve
) -> None:
    server = serve_html(RATING)
    browser.open(link(server)).at(SUBMIT, "waitFor")
    [registration] = server.posts("/request_agent")
    assert registration["provider_data"] == {
        "worker_name": "ann",
        "assignment_id": "a1",
        "provider_type": "inhouse",
        "agent_registration_id": "a1-ann",
    }
    assert isinstance(registration["client_timestamp"], float)


def test_a_file_travels_with_the_answer(
    browser: Browser, serve_html: Serve, tmp_path: Path
) -> None:
    server = serve_html('<input type="file" name="file1"><input type="file" name="other">')
    upload = tmp_path / "notes.txt"
    upload.write_text("ten bytes!")
    page = browser.open(link(server))
    page.at("[name=file1]", "setInputFiles", str(upload))
    page.click(SUBMIT)
    page.wait_for_text(STORED)
    assert server.files == {"file1": ("notes.txt", b"ten bytes!")}
    described = server.posts("/submit_task")[0]["final_string_data"]
    assert described["other"] == {}
    assert {name: described["file1"][name] for name in ("name", "size", "type")} == {
        "name": "notes.txt",
        "size": 10,
        "type": "text/plain",
    }


def test_a_file_that_was_not_chosen_is_described_and_not_sent(
    browser: Browser, serve_html: Serve
) -> None:
    server = serve_html('<input type="file" name="file1">')
    page = browser.open(link(server))
    page.click(SUBMIT)
    page.wait_for_text(STORED)
    assert server.files == {}
    file1 = server.posts("/submit_task")[0]["final_string_data"]["file1"]
    assert file1 == {"lastModified": -1, "name": "", "size": -1, "type": ""}


def test_every_ticked_box_of_one_name_is_kept(browser: Browser, serve_html: Serve) -> None:
    boxes = "".join(f'<input type="checkbox" name="b" value="{n}">' for n in "123")
    server = serve_html(boxes)
    page = browser.open(link(server))
    page.click("[value='1']")
    page.click("[value='3']")
    page.click(SUBMIT)
    page.wait_for_text(STORED)
    assert server.posts("/submit_task")[0]["final_string_data"]["b"] == ["1", "3"]


def test_top_level_scripts_run_in_order(browser: Browser, serve_html: Serve) -> None:
    server = serve_html(
        '<p id="out"></p><script>window.order = ["a"]</script><script src="b.js"></script>'
        '<script>order.push("c"); out.textContent = `order ${order.join()} ${item}`</script>',
        {"item": "7"},
    )
    (server.root / "b.js").write_text("order.push('b')")
    page = browser.open(link(server))
    page.wait_for_text("order a,b,c 7")


def test_a_script_that_fails_is_reported_and_stops_nothing(
    browser: Browser, serve_html: Serve
) -> None:
    server = serve_html(
        '<p id="out"></p><script>nonsense()</script><script>out.textContent = "on"</script>'
    )
    page = browser.open(link(server))
    page.wait_for_text("on")
    assert "nonsense" in str(server.first_post("/log_error")["error_data"])


def test_a_task_may_hide_the_submit_button_and_press_it(
    browser: Browser, serve_html: Serve
) -> None:
    server = serve_html(
        "<button type='button' id='own'>Done</button>"
        "<script>_MEPHISTO_CONFIG_.set('HIDE_SUBMIT_BUTTON', true);"
        "own.onclick = () => document.getElementById('html-task-submit-button').click()</script>"
    )
    page = browser.open(link(server))
    page.click("#own")
    page.wait_for_text(STORED)
    assert len(server.posts("/submit_task")) == 1


def test_a_preview_registers_nobody(browser: Browser, serve_html: Serve) -> None:
    server = serve_html(RATING, preview="<h1>What this is about</h1>")
    page = browser.open(server.url)
    page.wait_for_text("What this is about")
    page.wait_for_text("This is a preview")
    page.call("waitForLoadState", "networkidle")
    assert server.received == []
    assert page.at(SUBMIT, "count") == 0


@pytest.mark.parametrize(
    "reason",
    [
        "You are not currently qualified to work on this task...",
        "There is currently no available work, please try again later...",
    ],
)
def test_a_reason_is_shown_word_for_word(browser: Browser, serve_html: Serve, reason: str) -> None:
    server = serve_html(RATING)
    server.agent_id, server.failure_reason = None, reason
    page = browser.open(link(server))
    page.wait_for_text(reason)
    assert page.text().strip() == reason


def test_a_phone_is_turned_away_where_the_task_says_so(browser: Browser, serve_html: Serve) -> None:
    server = serve_html(RATING)
    server.task_config = {"block_mobile": True}
    page = browser.open(link(server), userAgent="Mozilla/5.0 (Linux; Android 14) Mobile")
    page.wait_for_text("mobile device")
    assert server.received == []


def test_an_answer_that_is_refused_can_be_sent_again(browser: Browser, serve_html: Serve) -> None:
    server = serve_html(RATING)
    page = browser.open(link(server))
    page.click("[name=rating]")
    server.submit_status = 503
    page.click(SUBMIT)
    page.wait_for_text("could not be sent")
    server.submit_status = 200
    page.click(SUBMIT)
    page.wait_for_text(STORED)
    assert len(server.posts("/submit_task")) == 1


def test_onboarding_comes_first_and_leads_to_the_task(browser: Browser, serve_html: Serve) -> None:
    server = serve_html(RATING, onboarding='<h1>Training</h1><input name="capital">')
    server.agent_id = "onboarding_1"
    page = browser.open(link(server))
    page.at("[name=capital]", "fill", "Oslo")
    page.click(SUBMIT)
    page.click("[name=rating]")
    page.click(SUBMIT)
    page.wait_for_text(STORED)
    [posted] = server.posts("/submit_onboarding")
    assert posted["provider_data"] == {
        "USED_AGENT_ID": "onboarding_1",
        "onboarding_data": {"capital": "Oslo"},
    }
    assert server.posts("/submit_task")[0]["USED_AGENT_ID"] == "token-2"


def test_the_submit_button_is_reached_and_pressed_with_the_keyboard(
    browser: Browser, serve_html: Serve
) -> None:
    server = serve_html(RATING)
    page = browser.open(link(server))
    page.at("[name=rating]", "focus")
    page.at("[name=rating]", "press", "Space")
    page.at("[name=rating]", "press", "Tab")
    page.at(f"{SUBMIT}:focus", "press", "Enter")
    page.wait_for_text(STORED)
