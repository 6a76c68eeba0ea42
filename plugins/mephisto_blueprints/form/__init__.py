"""The blueprint `form`: a task from one YAML or JSON file, drawn by a page of ours."""

from mephisto_blueprints.form.blueprint import FormBlueprint

__all__ = ["FormBlueprint"]
