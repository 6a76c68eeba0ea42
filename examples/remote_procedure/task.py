"""Code of the task: the functions that its page calls while the worker writes.

conf.yaml names this file as `mephisto.task.code`. `function_registry` says what the page may call,
by name. A function takes `(args)`, `(args, agent)`, or `(request_id, args, agent_state)` as in
Mephisto; what it returns is sent to the page as JSON. A plain function runs in a thread, so it may
take its time; an asynchronous one is awaited and must not block.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

from mephisto_blueprints.remote_procedure import Caller

LONGEST = 60
"""Characters that a headline may have."""


def check_headline(args: dict[str, Any], agent: Caller) -> dict[str, Any]:
    """How long a headline is, and which of its words the article does not have."""
    headline = str(args["headline"])
    known = set(_words(agent.inputs["article"]))
    return {
        "headline": headline,
        "length": len(headline),
        "is_short_enough": 0 < len(headline) <= LONGEST,
        "new_words": [word for word in _words(headline) if word not in known],
    }


async def suggest_start(args: None, agent: Caller) -> dict[str, Any]:
    """The first words of the article's sentences, one sentence after another.

    A language model would be asked here; `scratch` remembers what this worker has got so far.
    """
    await asyncio.sleep(0.1)
    sentences = re.split(r"(?<=[.!?]) ", agent.inputs["article"])
    number = agent.scratch.get("suggestions", 0)
    agent.scratch["suggestions"] = number + 1
    return {"start": " ".join(sentences[number % len(sentences)].split()[:4])}


function_registry = {"check_headline": check_headline, "suggest_start": suggest_start}


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())
