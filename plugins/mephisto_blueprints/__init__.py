"""Built-in blueprints."""
