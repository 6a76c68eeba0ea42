"""Reads that more than one part of the engine needs; they run on read connections."""
