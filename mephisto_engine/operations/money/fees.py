"""What a provider takes, asked of its plugin and held to whole cents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mephisto_engine.abstractions.crowd_provider import CrowdProvider, Payment
from mephisto_engine.abstractions.registry import PluginKind, Registry
from mephisto_engine.config.stored import stored_args
from mephisto_engine.database import MephistoDB
from mephisto_engine.database.queries.runs import find_run
from mephisto_engine.errors import PluginError


class Fees:
    """The fees of a provider with its options; amounts are in cents."""

    def __init__(self, provider: type[CrowdProvider], args: Any) -> None:
        self._provider = provider
        self._args = args

    def of_unit(self, pay_cents: int) -> int:
        """On the pay of one unit, in the dearest posting that it may be part of.

        Raises:
            PluginError: the provider's answer is no fee.
        """
        number = self._asked(self._provider.units_per_posting, least=1)
        return self._asked(self._provider.fee, pay_cents, Payment.PAY, number)

    def of_bonus(self, cents: int) -> int:
        """On one bonus or compensation; errors as `of_unit`."""
        return self._asked(self._provider.fee, cents, Payment.BONUS)

    def _asked(self, function: Callable[..., Any], *values: Any, least: int = 0) -> int:
        what = f"{function.__name__}() of the provider {self._provider.PROVIDER_TYPE!r}"
        try:
            answer = function(self._args, *values)
        except Exception as error:
            raise PluginError(
                f"{what} failed: {type(error).__name__}: {error}.",
                "Report this to the plugin's author.",
            ) from error
        if type(answer) is not int or answer < least:
            raise PluginError(
                f"{what} answers {answer!r}, which is no whole number from {least} on.",
                "Report this to the plugin's author.",
            )
        return answer


def fees_of_run(db: MephistoDB, registry: Registry, run_id: int) -> Fees:
    """The fees of a run's provider, with the options that the run was launched with. Blocks.

    Raises:
        NotFoundError: there is no such run.
        PluginError: the provider is not installed, or broken.
        ConfigError: its options do not fit any more.
    """
    run = db.read(find_run, run_id)
    provider = registry.load(PluginKind.PROVIDER, run.provider_type)
    return Fees(provider, stored_args(run.config, PluginKind.PROVIDER, run.provider_type, registry))
