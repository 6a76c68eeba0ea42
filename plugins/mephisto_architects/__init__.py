"""Architects that come with the project."""
