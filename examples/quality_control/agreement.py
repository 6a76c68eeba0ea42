"""Asking for another answer to a sentence until two are the same, four at most."""

from __future__ import annotations

from mephisto_engine.abstractions.adaptive import AskUntilAgreement

on_unit_submitted = AskUntilAgreement("feeling", agree=2, at_most=4)
