"""Decisions on units, and how good the answers are."""
