"""What plugin authors test with: a clock, stand-ins, simulated workers, conformance suites.

Only `mephisto_engine.testing.conformance` needs pytest; the rest may run anywhere.
"""
