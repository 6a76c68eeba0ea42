"""Conversations of one or more workers, led by a world written in Python."""

from mephisto_blueprints.parlai_chat.blueprint import ParlAIChatBlueprint
from mephisto_blueprints.parlai_chat.worlds import ChatWorld

__all__ = ["ChatWorld", "ParlAIChatBlueprint"]
