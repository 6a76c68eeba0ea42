"""What can be asked of an engine in another process, and how the engine answers."""
