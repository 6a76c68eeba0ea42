"""Fees of any shape, so that what is built on fees can be tried with those of real providers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mephisto_engine.abstractions.args import arg
from mephisto_engine.abstractions.crowd_provider import Payment, ProviderArgs
from mephisto_engine.errors import Problem

MANY = 10
"""Units of a posting from which on `fee_percent_of_many` holds."""

_PERCENTS = ("fee_percent", "fee_percent_of_many", "fee_vat_percent")


@dataclass
class FeeArgs(ProviderArgs):
    """What the mock provider takes on top of what it pays; every fee is rounded up to a cent."""

    fee_percent: int = arg(0, "percent of a payment that the provider takes on top")
    fee_percent_of_many: int = arg(
        0, "the same for the pay of units in postings of 10 or more, where that is more"
    )
    fee_vat_percent: int = arg(0, "percent of the fee that is taken on top as tax")
    fee_at_least: int = arg(0, "cents that the fee of a payment has at least, before tax")
    units_per_posting: int = arg(1, "units that count as one posting when the fee is made out")


def fee(args: FeeArgs, cents: int, payment: Payment, units_per_posting: int) -> int:
    """What is taken on top of one payment, in cents, rounded up once."""
    percent = args.fee_percent
    if payment is Payment.PAY and units_per_posting >= MANY:
        percent = max(percent, args.fee_percent_of_many)
    hundredths = max(cents * percent, args.fee_at_least * 100)
    return -(-hundredths * (100 + args.fee_vat_percent) // 10_000)


def fee_problems(args: Any) -> Iterator[Problem]:
    """Everything that is wrong with the options about fees."""
    for name in (*_PERCENTS, "fee_at_least"):
        if getattr(args, name) < 0:
            yield Problem(f"mephisto.provider.{name}", "has to be 0 or more")
    if args.units_per_posting < 1:
        yield Problem("mephisto.provider.units_per_posting", "has to be 1 or more")
