"""Crowd providers that come with the project."""
