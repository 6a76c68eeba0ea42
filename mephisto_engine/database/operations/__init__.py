"""Named operations: every change of the database is one of these, run by the one writer.

Each takes a `Transaction` first and plain values after it, and gives plain values back.
"""
