"""Measures what the engine and the console cost; `python -m benchmarks` prints every figure.

Each engine, client and console runs in a process of its own, over a data folder that is new and
goes away afterwards. Servers listen on the loopback alone.
"""
