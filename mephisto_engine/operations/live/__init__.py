"""What moves a live run: units go out, workers get them, answers are stored and judged."""
