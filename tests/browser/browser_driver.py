"""Python's side of `driver.mjs`: real pages, told what to do."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


class Browser:
    """One headless Chromium; each page has a profile of its own."""

    def __init__(self, node: str, chromium: str) -> None:
        self._process = subprocess.Popen(
            [node, str(HERE / "driver.mjs"), chromium],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.version = self._answer()

    def open(self, url: str, **options: Any) -> Page:
        page = Page(self, self.send({"open": {"locale": "en", **options}}))
        page.call("goto", url)
        return page

    def send(self, command: dict[str, Any]) -> Any:
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

    def _answer(self) -> Any:
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the browser driver has ended")
        answer = json.loads(line)
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer["result"]


class Page:
    """One tab; every step waits, up to 15 seconds, until it can be done."""

    def __init__(self, browser: Browser, number: int) -> None:
        self._browser = browser
        self._number = number

    def call(self, method: str, *args: Any) -> Any:
        """Call a method of the page."""
        return self._browser.send({"page": self._number, "method": method, "args": args})

    def at(self, selector: str, method: str, *args: Any) -> Any:
        """Call a method of the element that a selector finds."""
        command = {"page": self._number, "selector": selector, "method": method, "args": args}
        return self._browser.send(command)

    def click(self, selector: str) -> None:
        self.at(selector, "click")

    def wait_for_text(self, text: str) -> None:
        self.at(f"text={text}", "waitFor")

    def text(self) -> str:
        return self.at("body", "innerText")

    def wait_for_failure(self) -> str:
        """The first request that did not get through."""
        return self._browser.send({"page": self._number, "failure": True})

    def log(self, kind: str) -> list[str]:
        """What happened so far: `requests`, `failures`, `errors`, `dialogs`."""
        return self._browser.send({"page": self._number, "log": kind})
