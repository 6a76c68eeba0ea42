"""The chat in real browsers, with the engine: the built-in page, and one on `bootstrap-chat`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mephisto_engine.operations.live import presence

pytestmark = pytest.mark.browser

Launch = Callable[..., Any]
DONE = "#done-button"


class BuiltIn:
    """How a worker finds their way on the built-in page."""

    text, send = "#chat-text", ".composer button:enabled"
    gone = "Your partner has left."
    said = ".message"

    def overrides(self, bundle: Path) -> list[str]:
        return []

    def fill_form(self, page: Any) -> None:
        page.click("text=Very much")
        page.at(".questions textarea", "fill", "More tea")
        page.click(".questions button:enabled")


class Published:
    """The same on the page that is built on the published package."""

    text, send = ".response-text-input:enabled", "#id_send_msg_button:enabled"
    gone = "One of your partners has disconnected"
    said = "#message_thread .message"

    def overrides(self, bundle: Path) -> list[str]:
        return [f"mephisto.blueprint.custom_source_bundle={bundle}"]

    def fill_form(self, page: Any) -> None:
        page.at("select", "selectOption", "Very much")
        page.at(".response-type-module input", "fill", "More tea")
        page.click("#id_send_msg_button:enabled")


both_pages = pytest.mark.parametrize(
    "look", [BuiltIn(), Published()], ids=["built-in", "published"]
)


def pair(browser: Any, task: Any) -> tuple[Any, Any]:
    """Two workers; the one who waits first has the first turn."""
    ann = browser.open(task.link("ann"))
    ann.call("waitForFunction", "document.body.innerText.includes('Waiting')")
    return ann, browser.open(task.link("ben"))


def say(page: Any, look: Any, text: str) -> None:
    page.at(look.text, "fill", text)
    page.click(look.send)


@both_pages
def test_two_workers_talk_fill_a_form_and_hand_in(
    browser: Any, launch: Launch, published_page: Path, look: Any
) -> None:
    task = launch("parlai_chat/conf.yaml", *look.overrides(published_page))
    ann, ben = pair(browser, task)
    for turn in range(3):
        say(ann, look, f"ann {turn}")
        ben.wait_for_text(f"ann {turn}")
        say(ben, look, f"ben {turn}")
        ann.wait_for_text(f"ben {turn}")
    for page in (ben, ann):
        look.fill_form(page)
    for page in (ann, ben):
        page.click(DONE)
        page.wait_for_text("Thank you")
        assert errors(page) == []
    assert task.answers() == [{}, {}]


@both_pages
def test_when_a_browser_is_killed_the_partner_is_told_and_can_hand_in(
    browser: Any, launch: Launch, published_page: Path, look: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(presence, "SILENCE_SECONDS", 7.5)
    task = launch("parlai_chat/conf.yaml", *look.overrides(published_page))
    ann, ben = pair(browser, task)
    say(ann, look, "hello")
    ben.wait_for_text("hello")
    ben.call("close")
    ann.wait_for_text(look.gone)
    ann.click(DONE)
    ann.wait_for_text("Thank you")
    assert task.answers() == [{}]
    assert errors(ann) == []


@both_pages
def test_a_reload_brings_back_all_that_was_said_once_and_in_order(
    browser: Any, launch: Launch, published_page: Path, look: Any
) -> None:
    task = launch("parlai_chat/conf.yaml", *look.overrides(published_page))
    ann, ben = pair(browser, task)
    say(ann, look, "alpha")
    ben.wait_for_text("alpha")
    say(ben, look, "beta")
    ann.wait_for_text("beta")
    before = said(ben, look)
    assert len(before) == 3
    ben.call("reload")
    ben.wait_for_text("beta")
    assert said(ben, look) == before
    assert ben.at(look.send, "count") == 0, "it is not ben's turn"
    say(ann, look, "gamma")
    ben.wait_for_text("gamma")
    say(ben, look, "delta")
    ann.wait_for_text("delta")
    assert errors(ben) == []
    assert task.agent_count() == 2


def errors(page: Any) -> list[str]:
    """The published page makes a sound before anybody has touched it, which browsers forbid."""
    return [error for error in page.log("errors") if not error.startswith("NotAllowedError")]


def said(page: Any, look: Any) -> list[str]:
    found: list[str] = page.at(look.said, "allInnerTexts")
    return found


WORLD = """
class World:
    done = False
    def __init__(self, agents):
        self.agent = agents[0]
    def parley(self):
        {parley}
        self.done = True
    def episode_done(self):
        return self.done
    def shutdown(self):
        pass
    def prep_save_data(self, agents):
        return {{}}
def make_world(opt, agents):
    return World(agents)
class Introduction(World):
    def parley(self):
        self.agent.agent_id = "Newcomer"
        self.agent.observe({{"id": "System", "text": "Welcome, please greet"}})
        self.agent.act(timeout=60)
        self.done = True
def make_onboarding_world(opt, agent):
    return Introduction([agent])
def get_world_params():
    return {{"agent_count": 1}}
"""


@pytest.fixture
def launch_world(launch: Launch, tmp_path: Path) -> Launch:
    """A run of one worker, in a world whose one turn is given."""

    def start(parley: str, *overrides: str) -> Any:
        (tmp_path / "world.py").write_text(WORLD.format(parley=parley))
        world_file = f"mephisto.blueprint.world_file={tmp_path / 'world.py'}"
        return launch("parlai_chat/conf_assistant.yaml", world_file, *overrides)

    return start


@both_pages
def test_onboarding_is_a_conversation_and_leads_to_the_task(
    browser: Any, launch_world: Launch, published_page: Path, look: Any
) -> None:
    turn = "self.agent.observe({'id': 'System', 'text': 'The task'}); self.agent.act(timeout=60)"
    qualification = "mephisto.blueprint.onboarding_qualification=newcomers"
    task = launch_world(turn, qualification, *look.overrides(published_page))
    page = browser.open(task.link("ann"))
    page.wait_for_text("Welcome, please greet")
    say(page, look, "good day")
    page.wait_for_text("The task")
    assert task.answers() == []
    say(page, look, "the work")
    page.click(DONE)
    page.wait_for_text("Thank you")
    assert task.answers() == [{}]
    assert errors(page) == []


@both_pages
@pytest.mark.parametrize(
    ("turn", "told"),
    [
        ("raise ValueError('broken')", {"built-in": "has ended", "published": "disconnected"}),
        (
            "self.agent.act(timeout=0.5)",
            {"built-in": "took too long", "published": "have timed out"},
        ),
    ],
    ids=["the world fails", "the worker is too slow"],
)
def test_a_conversation_that_breaks_off_tells_why(
    browser: Any,
    launch_world: Launch,
    published_page: Path,
    look: Any,
    turn: str,
    told: dict[str, str],
) -> None:
    task = launch_world(turn, *look.overrides(published_page))
    page = browser.open(task.link("ann"))
    page.wait_for_text(told["built-in" if isinstance(look, BuiltIn) else "published"])
    assert page.at(DONE, "count") == 0
    assert task.answers() == []


def test_an_async_world_answers_each_message(browser: Any, launch: Launch) -> None:
    task = launch("parlai_chat/conf_assistant.yaml")
    page = browser.open(task.link("ann"))
    for number, fact in enumerate(["Tea is <b>wet</b>", "Rain too", "Snow as well"], start=1):
        page.at("#chat-text:focus", "fill", fact)
        page.at("#chat-text", "press", "Enter")
        page.wait_for_text(f"So that is {number}: {fact}")
    page.click(DONE)
    page.wait_for_text("Thank you")
    assert task.answers() == [{}]


def test_what_is_being_written_outlives_a_restart_of_the_engine(
    browser: Any, launch: Launch
) -> None:
    task = launch("parlai_chat/conf_assistant.yaml")
    page = browser.open(task.link("ann"))
    page.wait_for_text("It is your turn")
    page.at("#chat-text", "fill", "half a th")
    task.take_down()
    page.wait_for_text("Connection lost")
    task.bring_back()
    page.wait_for_text("starts again from here")
    assert page.at("#chat-text", "inputValue") == "half a th"
    page.at("#chat-text", "press", "Enter")
    page.wait_for_text("So that is 1: half a th")
    assert page.log("errors") == []


def test_a_preview_shows_the_task_and_registers_nobody(browser: Any, launch: Launch) -> None:
    task = launch("parlai_chat/conf.yaml")
    page = browser.open(f"{task.url}?preview=1")
    page.wait_for_text("You will talk with another worker")
    page.call("waitForLoadState", "networkidle")
    assert not [entry for entry in page.log("requests") if entry.startswith("POST")]
    assert task.agent_count() == 0


def test_a_page_without_a_pointer_can_be_used(browser: Any, launch: Launch) -> None:
    """What is said is announced, every control has a name, and the focus is never lost."""
    task = launch("parlai_chat/conf.yaml")
    ann, ben = pair(browser, task)
    for turn in range(3):
        ann.at("#chat-text:focus", "fill", f"ann {turn}")
        ann.at("*:focus", "press", "Enter")
        ben.wait_for_text(f"ann {turn}")
        ben.at("#chat-text:focus", "fill", f"ben {turn}")
        ben.at("*:focus", "press", "Enter")
        ann.wait_for_text(f"ben {turn}")
    assert ann.at("[role=log]", "getAttribute", "aria-live") == "polite"
    assert ann.at("#chat-text", "count") == 0
    ann.at("input[type=radio]:focus", "press", "Space")
    ann.at("*:focus", "press", "Tab")
    ann.at("textarea:focus", "fill", "nothing")
    ann.at("*:focus", "press", "Tab")
    ann.at("button:focus", "press", "Enter")
    BuiltIn().fill_form(ben)
    ann.at(f"{DONE}:focus", "press", "Enter")
    ann.wait_for_text("Thank you")
    assert task.answers() == [{}]
