"""A page with the published `mephisto-task` package in the site of `static_react_task`."""

from __future__ import annotations

import pytest
from browser_driver import Browser
from wire_server import WireServer

pytestmark = pytest.mark.browser

ITEM = {"headline": "Storm on the coast", "topics": ["sport", "weather"]}


def test_an_answer_arrives(browser: Browser, serve_react: WireServer) -> None:
    serve_react.item = ITEM
    page = browser.open(f"{serve_react.url}?worker_id=ann&id=a1")
    page.click("[value=weather]")
    page.click("text=Submit")
    page.wait_for_text("Thank you")
    page.call("waitForFunction", "window.sentToProvider")
    [posted] = serve_react.posts("/submit_task")
    assert posted["USED_AGENT_ID"] == "token-1"
    assert posted["final_data"] == {"topic": "weather"}
    assert page.log("errors") == []


def test_a_preview_registers_nobody(browser: Browser, serve_react: WireServer) -> None:
    page = browser.open(serve_react.url)
    page.wait_for_text("You will read one headline")
    page.call("waitForLoadState", "networkidle")
    assert serve_react.received == []
