"""Bringing old data: an existing data directory of Mephisto, read into this database."""
