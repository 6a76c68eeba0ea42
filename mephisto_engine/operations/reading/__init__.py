"""How one unit reads: its sections, checks and timeline."""
