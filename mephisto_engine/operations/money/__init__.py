"""Fees, accounts, payments, and what an hour of work brings."""
