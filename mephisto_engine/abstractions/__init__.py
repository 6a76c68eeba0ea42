"""The contracts that plugins keep: Blueprint, Architect, CrowdProvider and what they share."""
