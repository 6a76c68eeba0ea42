"""What is shown of runs, live or not: snapshots, details, words for events."""
