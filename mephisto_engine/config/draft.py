"""A launch config that is still being put together: a file, or none, and what was changed in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from mephisto_engine.abstractions.registry import PluginKind, Registry
from mephisto_engine.config.literals import overrides
from mephisto_engine.config.redaction import is_secret
from mephisto_engine.errors import ConfigError, PluginError, Problem

HEAD: Final = "#@package _global_\n"


@dataclass(frozen=True)
class LaunchDraft:
    """What a launch config is to be made of. Nothing here has been checked."""

    path: Path | None = None
    """The file it begins from; None: from the plugins alone."""
    folder: Path = field(default_factory=Path.cwd)
    """The task's folder where there is no file."""
    plugins: Mapping[PluginKind, str] = field(default_factory=dict)
    """Plugins that were chosen by hand."""
    edits: Mapping[str, Any] = field(default_factory=dict)
    """Dotted key → value that was given by hand."""
    dropped: tuple[str, ...] = ()
    """Keys of the file that mean nothing to the plugins that were chosen."""

    def edited(self, key: str, value: Any) -> LaunchDraft:
        """With one more option given."""
        return replace(self, edits={**self.edits, key: value})

    def restored(self, key: str) -> LaunchDraft:
        """With one option as the file, or the plugin, has it."""
        edits = {name: value for name, value in self.edits.items() if name != key}
        return replace(self, edits=edits)

    def with_plugin(self, kind: PluginKind, name: str, registry: Registry) -> LaunchDraft:
        """With another plugin; what the file or the person gave to the former one alone goes."""
        where = f"mephisto.{kind}"
        known = _option_names(kind, name, registry)
        given = _node(self._raw(), "mephisto", kind.value)
        foreign = [f"{where}.{key}" for key in given if key not in known and key != kind.type_key]
        others = [key for key in self.dropped if not key.startswith(f"{where}.")]
        edits = {
            key: value
            for key, value in self.edits.items()
            if not key.startswith(f"{where}.") or key.removeprefix(f"{where}.") in known
        }
        return replace(
            self,
            plugins={**self.plugins, kind: name},
            edits=edits,
            dropped=(*others, *foreign),
        )

    @property
    def changes(self) -> int:
        """How many options and plugins were given by hand."""
        return len(self.edits) + len(self.plugins)

    def secrets_in_plain(self) -> list[Problem]:
        """Secrets that were typed as they are: nothing made from a draft may hold one."""
        return [
            Problem(key, "a secret is not kept in a config", "name a variable: ${oc.env:NAME}")
            for key, value in self.edits.items()
            if _is_plain_secret(key, value)
        ]

    def overrides(self) -> list[str]:
        """What the draft changes in its file, in Hydra's grammar; secrets in plain are left out."""
        chosen = [f"mephisto/{kind}={name}" for kind, name in self.plugins.items()]
        edits = [
            text
            for key, value in self.edits.items()
            if not _is_plain_secret(key, value)
            for text in overrides(key, value)
        ]
        return [*chosen, *(f"~{key}" for key in self.dropped), *edits]

    def as_yaml(self, target: Path) -> str:
        """A launchable config, as it is to be written to ``target``.

        What refers to other keys or to the environment stays as it was written. Secrets are
        replaced by references to environment variables.

        Raises:
            ConfigError: the file that the draft began from cannot be read any more.
        """
        import yaml

        raw = self._raw()
        raw["defaults"] = _with_plugins(list(raw.get("defaults") or []), self.plugins)
        for key in self.dropped:
            _node(raw, *key.split(".")[:-1]).pop(key.rpartition(".")[2], None)
        for key, value in self.edits.items():
            _put(raw, key, value)
        folder = self.folder if self.path is None else _task_dir(self.path)
        if "task_dir" not in raw and _task_dir(target) != folder:
            raw["task_dir"] = str(folder)
        return HEAD + yaml.safe_dump(
            _without_secrets(raw), sort_keys=False, allow_unicode=True, width=96
        )

    def _raw(self) -> dict[str, Any]:
        """The file's own content, with nothing resolved."""
        from omegaconf import OmegaConf

        if self.path is None:
            return {}
        try:
            content = OmegaConf.to_container(OmegaConf.load(self.path), resolve=False)
        except Exception as error:  # YAML tags and OmegaConf's constructors raise nearly anything
            raise ConfigError([Problem(str(self.path), f"cannot be read: {error}")]) from error
        return dict(content) if isinstance(content, dict) else {}  # type: ignore[arg-type]


def _option_names(kind: PluginKind, name: str, registry: Registry) -> set[str]:
    import dataclasses

    try:
        plugin: type[Any] = registry.load(kind, name)
    except PluginError:
        return set()  # said when the draft is checked
    return {item.name for item in dataclasses.fields(plugin.ArgsClass)}


def _task_dir(path: Path) -> Path:
    from mephisto_engine.config.compose import task_dir_of

    return task_dir_of(path.expanduser().absolute())


def _is_plain_secret(key: str, value: Any) -> bool:
    is_named_so = is_secret(key.rpartition(".")[2])
    return is_named_so and isinstance(value, str) and bool(value) and "${" not in value


def _node(tree: Any, *keys: str) -> dict[str, Any]:
    for key in keys:
        tree = tree.get(key) if isinstance(tree, dict) else None
    return tree if isinstance(tree, dict) else {}


def _put(tree: dict[str, Any], key: str, value: Any) -> None:
    *parents, name = key.split(".")
    for parent in parents:
        if not isinstance(tree.get(parent), dict):
            tree[parent] = {}
        tree = tree[parent]
    tree[name] = value


def _with_plugins(defaults: list[Any], plugins: Mapping[PluginKind, str]) -> list[Any]:
    """The defaults list with these plugins, each where the former one of its kind stood."""
    missing = dict(plugins)
    entries = []
    for entry in defaults:
        kind = _kind_of(entry)
        name = missing.pop(kind, None) if kind is not None else None
        entries.append(entry if name is None else {f"/mephisto/{kind}": name})
    chosen = [{f"/mephisto/{kind}": name} for kind, name in missing.items()]
    return [*chosen, *entries]


def _kind_of(entry: Any) -> PluginKind | None:
    """Which plugin an entry such as ``{"override /mephisto/architect": "local"}`` names."""
    group = str(next(iter(entry), "")) if isinstance(entry, dict) else ""
    name = group.split()[-1].lstrip("/") if group.strip() else ""
    return next((kind for kind in PluginKind if name == f"mephisto/{kind}"), None)


def _without_secrets(value: Any, where: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _kept(key, item, f"{where}_{key}") for key, item in value.items()}
    return [_without_secrets(item, where) for item in value] if isinstance(value, list) else value


def _kept(key: Any, value: Any, where: str) -> Any:
    if not is_secret(str(key)):
        return _without_secrets(value, where)
    if isinstance(value, str) and value and "${" not in value and value != "???":
        return "${oc.env:" + where.strip("_").upper().replace("-", "_") + "}"
    return value
