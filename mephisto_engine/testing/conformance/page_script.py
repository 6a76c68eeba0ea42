"""Running a provider's page script in node, in a window that is mostly not there."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_HARNESS = r"""
const vm = require("vm");
const { script, query, expressions } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const anything = new Proxy(function () {}, {
  get: (target, key) => (key === Symbol.toPrimitive ? () => "" : anything),
  set: () => true,
  apply: () => anything,
  construct: () => anything,
});
const visited = [];
const kept = () => {
  const items = new Map();
  return {
    getItem: (key) => (items.has(key) ? items.get(key) : null),
    setItem: (key, value) => void items.set(key, String(value)),
    removeItem: (key) => void items.delete(key),
  };
};
const search = query ? "?" + query : "";
const page = {
  URL, URLSearchParams, crypto, console, visited,
  document: anything,
  location: {
    search, origin: "http://pages.test", href: "http://pages.test/" + search,
    replace: (url) => void visited.push(url), assign: (url) => void visited.push(url),
  },
  localStorage: kept(), sessionStorage: kept(),
  alert: () => {}, setTimeout: () => 0, addEventListener: () => {},
};
page.window = page.self = page;
vm.createContext(page);
vm.runInContext(script, page, { filename: "page_script.js" });
const results = expressions.map((code) => vm.runInContext(code, page));
console.log(JSON.stringify(results.map((result) => (result === undefined ? null : result))));
"""

GLOBALS = (
    "getWorkerName",
    "getAssignmentId",
    "getAgentRegistration",
    "handleSubmitToProvider",
)


@dataclass(frozen=True)
class ScriptedPage:
    """A page's script with the query of the page's address."""

    script: str
    query: str = ""

    def evaluate(self, *expressions: str) -> list[Any]:
        """The values of JavaScript expressions, evaluated in order after the script.

        The global ``visited`` holds the addresses that the page went to.
        """
        return _run(self.script, self.query, expressions)

    def missing_globals(self) -> list[str]:
        """Which of the required functions the script does not define."""
        kinds = self.evaluate(*(f"typeof {name}" for name in GLOBALS))
        return [name for name, kind in zip(GLOBALS, kinds, strict=True) if kind != "function"]


def find_node() -> str | None:
    """The path of node, or None where it is not installed."""
    return shutil.which("node")


def _run(script: str, query: str, expressions: Sequence[str]) -> list[Any]:
    node = find_node()
    if node is None:
        raise FileNotFoundError("node is not installed")
    given = json.dumps({"script": script, "query": query, "expressions": list(expressions)})
    done = subprocess.run(
        [node, "-e", _HARNESS], input=given, capture_output=True, text=True, timeout=60, check=False
    )
    if done.returncode:
        raise RuntimeError(f"the page script failed:\n{done.stderr}")
    values: list[Any] = json.loads(done.stdout.splitlines()[-1])
    return values
