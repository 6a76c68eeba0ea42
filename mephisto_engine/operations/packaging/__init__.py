"""Packaging: from stored answers to a dataset in a folder, and the proof that it is whole."""
