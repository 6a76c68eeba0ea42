"""What the engine does: runs, allocation, deadlines, watching, checking."""
