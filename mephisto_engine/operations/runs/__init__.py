"""What every operation needs of a run, live or not: its job, lease, folders and provider."""
