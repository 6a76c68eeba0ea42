"""Workers of one's own, who come by link with a name: colleagues, students, a lab's participants.

Nobody is paid through this provider. Approvals and bonuses are accepted, so that a review reads the
same as elsewhere; the money changes hands outside.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mephisto_engine.abstractions.args import arg
from mephisto_engine.abstractions.crowd_provider import (
    Arrival,
    CrowdProvider,
    Outcome,
    ProviderAgent,
    ProviderArgs,
    ProviderCall,
    ProviderContext,
    ProviderRequester,
    ProviderUnit,
    ProviderWorker,
    RegistrationRefusedError,
)
from mephisto_engine.data_model.records import UnitRecord, WorkerRecord
from mephisto_engine.errors import ConfigError, Problem, ProviderError
from mephisto_providers.arrivals import (
    name_fault,
    read_id,
    read_worker_name,
    require_name,
    with_query,
)
from mephisto_providers.link_tokens import LinkTokens

_PAGE_SCRIPT = Path(__file__).with_name("inhouse.js")


@dataclass
class InhouseArgs(ProviderArgs):
    """Options of the in-house provider."""

    _provider_type: str = "inhouse"
    ui_base_url: str | None = arg(
        None, "address that worker links start with; the run's own address if not given"
    )
    allow_list: Any = arg(
        None, "who may work: a list of names, or the path of a text file with one name a line"
    )
    link_tokens: bool = arg(
        False, "give every worker a link of their own, and refuse anybody who comes without it"
    )


class InhouseUnit(ProviderUnit):
    """There is no market to publish on: a unit is on offer while the run is."""

    async def launch(self, units: Sequence[UnitRecord], url: str) -> dict[int, str]:
        return {unit.id: f"inhouse-{unit.id}" for unit in units}

    async def expire(self, units: Sequence[UnitRecord]) -> None:
        """Nothing is published, so there is nothing to withdraw."""


class InhouseWorker(ProviderWorker):
    """Bonuses are paid outside; blocks are kept by the engine."""

    async def bonus(self, worker: WorkerRecord, cents: int, reason: str, key: str) -> None:
        """Accepted: the money changes hands outside."""

    async def block(self, worker: WorkerRecord, reason: str) -> None:
        """The engine's own block list decides who is admitted."""

    async def unblock(self, worker: WorkerRecord, reason: str) -> None:
        """The engine's own block list decides who is admitted."""


class InhouseRequester(ProviderRequester):
    """There are no accounts: every requester is good."""

    async def is_registered(self, name: str) -> bool:
        return True

    async def available_cents(self, name: str) -> int | None:
        return None


class InhouseAgent(ProviderAgent):
    """Work is paid outside."""

    async def approve(self, unit: UnitRecord, worker: WorkerRecord, note: str, key: str) -> None:
        """Accepted: the money changes hands outside."""

    async def reject(self, unit: UnitRecord, worker: WorkerRecord, reason: str, key: str) -> None:
        """Accepted: nothing is paid."""


class InhouseProvider(CrowdProvider):
    """Admits whoever has the link, is on the list, or holds a link of their own."""

    PROVIDER_TYPE = "inhouse"
    ArgsClass = InhouseArgs
    DEFAULT_REQUESTER = "inhouse"

    def __init__(self, args: Any, context: ProviderContext) -> None:
        super().__init__(args, context)
        self.unit = InhouseUnit()
        self.worker = InhouseWorker()
        self.requester = InhouseRequester()
        self.agent = InhouseAgent()
        problems = list(_allow_list_problems(args.allow_list))
        if problems:
            raise ConfigError(problems)
        names = _read_allow_list(args.allow_list)
        self._allowed = None if names is None else frozenset(names)

    async def outcome(self, call: ProviderCall) -> Outcome:
        # A call leaves nothing behind on this side: what was cut off is simply made again.
        return Outcome.NOT_DONE

    @classmethod
    def assert_task_args(cls, args: Any) -> Iterable[Problem]:
        yield from _url_problems(args.ui_base_url)
        yield from _allow_list_problems(args.allow_list)

    @classmethod
    def page_script(cls) -> str:
        return _PAGE_SCRIPT.read_text(encoding="utf-8")

    def read_registration(self, provider_data: dict[str, Any]) -> Arrival:
        name = read_worker_name(provider_data)
        assignment_id = read_id(provider_data, "assignment_id")
        if self._allowed is not None and name not in self._allowed:
            raise RegistrationRefusedError("the name is not on the list of workers")
        if self.args.link_tokens and not self._tokens().is_valid(name, provider_data.get("key")):
            raise RegistrationRefusedError("the link is not the one that was made for this name")
        # Made here and not read from the page, or one worker could claim another's registration.
        return Arrival(name, f"{assignment_id}-{name}")

    def worker_link(self, url: str, worker_name: str | None = None) -> str:
        """The address of one worker; without a name, of a page that asks for it.

        Where each worker has a link of their own, the nameless link shows the task and starts
        nothing. Raises `ProviderError` for a name that would not be admitted.
        """
        base = self.args.ui_base_url or url
        if worker_name is None:
            return with_query(base, preview="1") if self.args.link_tokens else base
        require_name(worker_name)
        if self._allowed is not None and worker_name not in self._allowed:
            raise ProviderError(
                f"{worker_name!r} is not on the list of workers.",
                "Add the name to mephisto.provider.allow_list.",
            )
        link = with_query(base, worker_id=worker_name, id=secrets.token_hex(8))
        if not self.args.link_tokens:
            return link
        return with_query(link, key=self._tokens().token_for(worker_name))

    def _tokens(self) -> LinkTokens:
        return LinkTokens(self.context.home / "inhouse" / "link.key", self.context.run.id)


def _url_problems(url: str | None) -> Iterator[Problem]:
    if url is None:
        return
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        yield Problem(
            "mephisto.provider.ui_base_url",
            f"is not a web address: {url!r}",
            "give it as http://host:port, or leave it out",
        )


def _allow_list_problems(raw: Any) -> Iterator[Problem]:
    where = "mephisto.provider.allow_list"
    try:
        names = _read_allow_list(raw)
    except (OSError, UnicodeDecodeError) as error:
        yield Problem(where, f"cannot be read: {error}", "give a text file with one name a line")
        return
    except TypeError as error:
        yield Problem(where, str(error), "give a list of names, or the path of a text file")
        return
    if names is not None and not names:
        yield Problem(where, "has no names", "leave it out to admit everybody")
    for row, name in enumerate(names or (), start=1):
        fault = name_fault(name)
        if fault:
            yield Problem(f"{where}[{row}]", fault)


def _read_allow_list(raw: Any) -> list[str] | None:
    if raw is None:
        return None
    if isinstance(raw, str):
        lines = Path(raw).expanduser().read_text(encoding="utf-8-sig").splitlines()
        return [line.strip() for line in lines if line.strip()]
    if isinstance(raw, Sequence) and all(isinstance(name, str) for name in raw):
        return list(raw)
    raise TypeError("is neither a list of names nor a path")
