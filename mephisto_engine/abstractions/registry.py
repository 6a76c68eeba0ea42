"""Finds plugins through entry points: names before loads, and one broken plugin stops no other.

Three grains. `names` reads package metadata only. `load` imports exactly one plugin, checks that it
keeps its contract, and raises. `survey` loads all of them and reports, and never raises.

`MEPHISTO_PLUGINS` narrows what is found, to bisect a broken installation: ``none``, or a comma list
such as ``blueprint:static_task,provider:mock``.
"""

from __future__ import annotations

import dataclasses
import difflib
import inspect
import os
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, overload

from mephisto_engine.abstractions.architect import Architect, ArchitectArgs
from mephisto_engine.abstractions.blueprint import Blueprint, BlueprintArgs, SharedTaskState
from mephisto_engine.abstractions.crowd_provider import CrowdProvider, ProviderArgs
from mephisto_engine.errors import PluginError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

SWITCH = "MEPHISTO_PLUGINS"


class PluginKind(StrEnum):
    """What a plugin varies; also the name of its node in a launch config."""

    BLUEPRINT = "blueprint"
    ARCHITECT = "architect"
    PROVIDER = "provider"

    @property
    def type_key(self) -> str:
        """The key of a config node that names the plugin, such as ``_blueprint_type``."""
        return f"_{self}_type"


@dataclass(frozen=True)
class _Contract:
    group: str
    base: type[Any]
    args: type[Any]
    type_attribute: str
    must_set: tuple[str, ...]


_CONTRACTS = {
    PluginKind.BLUEPRINT: _Contract(
        "mephisto.blueprints", Blueprint, BlueprintArgs, "BLUEPRINT_TYPE", ("TaskBuilderClass",)
    ),
    PluginKind.ARCHITECT: _Contract(
        "mephisto.architects", Architect, ArchitectArgs, "ARCHITECT_TYPE", ()
    ),
    PluginKind.PROVIDER: _Contract(
        "mephisto.providers", CrowdProvider, ProviderArgs, "PROVIDER_TYPE", ("DEFAULT_REQUESTER",)
    ),
}


@dataclass(frozen=True)
class PluginInfo:
    """One installed plugin, as `survey` found it."""

    kind: PluginKind
    name: str
    module: str
    distribution: str | None
    """Package that brings it; None for a plugin registered from a script."""
    version: str | None
    error: str | None = None
    """Why it cannot be used, in one line."""
    traceback: str = ""


@dataclass(frozen=True)
class _Offer:
    """Where a name can be loaded from."""

    entry: EntryPoint | None = None
    local: Any = None

    @property
    def module(self) -> str:
        return self.entry.module if self.entry else getattr(self.local, "__module__", "")

    @property
    def distribution(self) -> str | None:
        return self.entry.dist.name if self.entry and self.entry.dist else None

    @property
    def version(self) -> str | None:
        return self.entry.dist.version if self.entry and self.entry.dist else None

    def load(self) -> Any:
        return self.entry.load() if self.entry else self.local


class Registry:
    """The plugins that this process can use.

    Args:
        extra: plugins beside the installed ones, kind → name → class; they go before an installed
            plugin of the same name. Scripts and tests bring theirs this way.
        only: what `MEPHISTO_PLUGINS` says, unless given. It narrows the installed plugins alone.

    Raises:
        PluginError: ``only`` cannot be read.
    """

    def __init__(
        self,
        extra: Mapping[str, Mapping[str, type[Any]]] | None = None,
        *,
        only: str | None = None,
    ) -> None:
        self._only = _parse_switch(os.environ.get(SWITCH, "") if only is None else only)
        self._local: dict[tuple[PluginKind, str], type[Any]] = {}
        self._entries: dict[PluginKind, dict[str, list[_Offer]]] = {}
        self._loaded: dict[tuple[PluginKind, str], type[Any]] = {}
        for kind, plugins in (extra or {}).items():
            for name, plugin in plugins.items():
                self.register(kind, name, plugin)

    def register(self, kind: str, name: str, plugin: type[Any]) -> None:
        """Add a plugin of this process; its contract is checked when it is loaded."""
        key = (PluginKind(kind), name)
        self._loaded.pop(key, None)
        self._local[key] = plugin

    def names(self, kind: str) -> list[str]:
        """Names that could be loaded, sorted; imports no plugin."""
        return sorted(self._offers(PluginKind(kind)))

    @overload
    def load(self, kind: Literal[PluginKind.BLUEPRINT], name: str) -> type[Blueprint]: ...
    @overload
    def load(self, kind: Literal[PluginKind.ARCHITECT], name: str) -> type[Architect]: ...
    @overload
    def load(self, kind: Literal[PluginKind.PROVIDER], name: str) -> type[CrowdProvider]: ...
    @overload
    def load(self, kind: str, name: str) -> type[Any]: ...

    def load(self, kind: str, name: str) -> type[Any]:
        """Import one plugin and check that it keeps its contract.

        Raises:
            PluginError: it is not installed, cannot be imported, or breaks the contract.
        """
        key = (PluginKind(kind), name)
        if key not in self._loaded:
            self._loaded[key] = self._load(*key)
        return self._loaded[key]

    def survey(self) -> list[PluginInfo]:
        """Load every plugin and say how each one fared."""
        return [
            self._inspect(kind, name, offers)
            for kind in PluginKind
            for name, offers in sorted(self._offers(kind).items())
        ]

    def _inspect(self, kind: PluginKind, name: str, offers: list[_Offer]) -> PluginInfo:
        about = (kind, name, offers[0].module, offers[0].distribution, offers[0].version)
        try:
            self.load(kind, name)
        except PluginError as error:
            trace = "".join(traceback.format_exception(error.__cause__)) if error.__cause__ else ""
            return PluginInfo(*about, error=str(error), traceback=trace)
        return PluginInfo(*about)

    def _load(self, kind: PluginKind, name: str) -> type[Any]:
        offers = self._offers(kind).get(name)
        if not offers:
            raise PluginError(f"no {kind} named {name!r} is installed", self._options(kind, name))
        if len(offers) > 1:
            sources = " and ".join(sorted(offer.distribution or "?" for offer in offers))
            raise PluginError(f"{kind} {name!r} is offered by {sources}", "uninstall one of them")
        plugin = _import(kind, name, offers[0])
        fault = _contract_fault(kind, name, plugin)
        if fault:
            raise PluginError(f"{kind} {name!r} does not keep its contract: {fault}")
        return plugin  # type: ignore[no-any-return]

    def _options(self, kind: PluginKind, name: str) -> str:
        installed = self.names(kind)
        if not installed:
            return f"no {kind} is installed"
        return f"{did_you_mean(name, installed)}installed: {', '.join(installed)}"

    def _offers(self, kind: PluginKind) -> dict[str, list[_Offer]]:
        if kind not in self._entries:
            self._entries[kind] = self._discover(kind)
        local = {
            name: [_Offer(local=plugin)]
            for (its_kind, name), plugin in self._local.items()
            if its_kind is kind
        }
        return self._entries[kind] | local

    def _discover(self, kind: PluginKind) -> dict[str, list[_Offer]]:
        # Reading metadata costs tens of milliseconds that `--help` need not pay.
        from importlib.metadata import entry_points

        found: dict[str, dict[str, _Offer]] = {}
        for entry in entry_points(group=_CONTRACTS[kind].group):
            if self._only is None or (kind, entry.name) in self._only:
                # A stale copy of the same distribution repeats its entry points word for word.
                found.setdefault(entry.name, {}).setdefault(entry.value, _Offer(entry))
        return {name: list(offers.values()) for name, offers in found.items()}


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``did you mean 'x'? `` or nothing: a close name, ready to stand before a list of them."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}? " if close else ""


def _parse_switch(text: str) -> frozenset[tuple[PluginKind, str]] | None:
    """What the switch lets through; None is everything."""
    if not text.strip():
        return None
    if text.strip() == "none":
        return frozenset()
    return frozenset(_parse_choice(item.strip()) for item in text.split(",") if item.strip())


def _parse_choice(item: str) -> tuple[PluginKind, str]:
    kind, _, name = item.partition(":")
    if kind not in tuple(PluginKind) or not name:
        raise PluginError(
            f"{SWITCH} cannot be read: {item!r}",
            f"'none', or a comma list of KIND:NAME with KIND one of {', '.join(PluginKind)}",
        )
    return PluginKind(kind), name


def _import(kind: PluginKind, name: str, offer: _Offer) -> Any:
    try:
        return offer.load()
    except (Exception, SystemExit) as error:  # a stranger's module may raise anything
        source = f" of {offer.distribution}" if offer.distribution else ""
        raise PluginError(
            f"{kind} {name!r}{source} cannot be loaded: {type(error).__name__}: {error}",
            "reinstall the package it comes from, or uninstall it",
        ) from error


def _contract_fault(kind: PluginKind, name: str, plugin: Any) -> str:
    """What a plugin lacks, in words for its author; empty if nothing."""
    contract = _CONTRACTS[kind]
    if not _is_subclass(plugin, contract.base):
        return f"{plugin!r} is not a subclass of {contract.base.__name__}"
    own_name = getattr(plugin, contract.type_attribute, None)
    if own_name != name:
        return f"{contract.type_attribute} is {own_name!r}, its entry point says {name!r}"
    if inspect.isabstract(plugin):
        missing = ", ".join(sorted(plugin.__abstractmethods__))
        return f"it does not implement {missing}"
    for attribute in contract.must_set:
        if not hasattr(plugin, attribute):
            return f"it does not set {attribute}"
    if kind is PluginKind.BLUEPRINT:
        fault = _dataclass_fault("SharedStateClass", plugin.SharedStateClass, SharedTaskState)
        if fault:
            return fault
    return _args_fault(plugin.ArgsClass, contract.args)


def _args_fault(args_class: Any, base: type[Any]) -> str:
    fault = _dataclass_fault("ArgsClass", args_class, base)
    if fault:
        return fault
    for item in dataclasses.fields(args_class):
        if not item.name.startswith("_") and not item.metadata.get("help"):
            return f"argument {item.name!r} of {args_class.__name__} has no help"
    return ""


def _dataclass_fault(attribute: str, given: Any, base: type[Any]) -> str:
    if not _is_subclass(given, base):
        return f"{attribute} is not a subclass of {base.__name__}"
    # Inheriting from a dataclass is not being one: fields without the decorator would be lost.
    if "__annotations__" in vars(given) and "__dataclass_fields__" not in vars(given):
        return f"{given.__name__} lacks @dataclass"
    return ""


def _is_subclass(given: Any, base: type[Any]) -> bool:
    return isinstance(given, type) and issubclass(given, base)
