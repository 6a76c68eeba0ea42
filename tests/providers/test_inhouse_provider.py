from __future__ import annotations

import stat
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis.strategies import sampled_from, text
from omegaconf import OmegaConf

from mephisto_engine.abstractions.crowd_provider import RegistrationRefusedError
from mephisto_engine.errors import ConfigError, ProviderError
from mephisto_engine.testing.records import make_provider_context, make_run
from mephisto_providers.inhouse import InhouseArgs, InhouseProvider

_URL = "http://pages.test:3000"


@pytest.fixture
def make(tmp_path: Path):
    def make(run_id: int = 1, **args: Any) -> InhouseProvider:
        context = make_provider_context(run=make_run(id=run_id), home=tmp_path / "home")
        return InhouseProvider(InhouseArgs(**args), context)

    return make


def _query(link: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}


def _registration(link: str) -> dict[str, Any]:
    query = _query(link)
    return {
        "worker_name": query["worker_id"],
        "assignment_id": query["id"],
        "agent_registration_id": f"{query['id']}-{query['worker_id']}",
        "provider_type": "inhouse",
        "key": query.get("key"),
    }


def test_an_existing_config_is_accepted():
    config = OmegaConf.merge(
        OmegaConf.structured(InhouseArgs),
        {"_provider_type": "inhouse", "ui_base_url": "http://localhost:3000"},
    )
    assert list(InhouseProvider.assert_task_args(config)) == []


def test_a_link_names_the_worker_and_is_new_each_time(make):
    provider = make()
    first, second = (_query(provider.worker_link(_URL, "Ana Ré")) for _ in range(2))
    assert first["worker_id"] == second["worker_id"] == "Ana Ré"
    assert first["id"] != second["id"]
    assert set(first) == {"worker_id", "id"}


def test_links_start_with_the_given_address(make):
    link = make(ui_base_url="https://lab.example.org").worker_link(_URL, "alice")
    assert link.startswith("https://lab.example.org/?worker_id=alice&id=")


def test_a_link_without_a_name_leads_to_the_page_that_asks(make):
    assert make().worker_link(_URL) == _URL


def test_the_registration_id_is_made_from_the_assignment_and_the_name(make):
    data = {"worker_name": "bob", "assignment_id": "7", "agent_registration_id": "9-alice"}
    assert make().read_registration(data).registration_id == "7-bob"


@pytest.mark.parametrize("as_file", [True, False])
def test_only_names_on_the_list_are_admitted(make, tmp_path: Path, as_file: bool):
    names: Any = ["alice", "Bob B."]
    if as_file:
        path = tmp_path / "names.txt"
        path.write_text("\ufeffalice\r\n\n  Bob B.  \n", "utf-8")
        names = str(path)
    provider = make(allow_list=names)
    for name in ("alice", "Bob B."):
        assert provider.read_registration(_registration(provider.worker_link(_URL, name)))
    with pytest.raises(RegistrationRefusedError, match="not on the list"):
        provider.read_registration({"worker_name": "mallory", "assignment_id": "7"})
    with pytest.raises(ProviderError, match="not on the list"):
        provider.worker_link(_URL, "mallory")


def test_a_list_that_vanished_is_an_error_of_the_config(make):
    with pytest.raises(ConfigError, match="allow_list"):
        make(allow_list="/nowhere/names.txt")


def test_a_link_token_admits_its_worker_only(make):
    provider = make(link_tokens=True)
    data = _registration(provider.worker_link(_URL, "alice"))
    assert provider.read_registration(data).worker_name == "alice"
    for forged in ({"worker_name": "bob"}, {"key": None}, {"key": ""}, {"key": "é"}, {"key": 7}):
        with pytest.raises(RegistrationRefusedError, match="not the one that was made"):
            provider.read_registration({**data, **forged})


def test_a_link_token_is_good_for_one_run_and_survives_a_restart(make):
    data = _registration(make(run_id=1, link_tokens=True).worker_link(_URL, "alice"))
    assert make(run_id=1, link_tokens=True).read_registration(data)
    with pytest.raises(RegistrationRefusedError):
        make(run_id=2, link_tokens=True).read_registration(data)


def test_with_link_tokens_the_nameless_link_is_a_preview(make):
    assert _query(make(link_tokens=True).worker_link(_URL)) == {"preview": "1"}


def test_the_key_is_the_owners_alone_and_made_on_first_use(make, tmp_path: Path):
    provider = make(link_tokens=True)
    assert not (tmp_path / "home").exists()
    provider.worker_link(_URL, "alice")
    key_file = tmp_path / "home" / "inhouse" / "link.key"
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(key_file.parent.stat().st_mode) == 0o700
    assert [path.name for path in key_file.parent.iterdir()] == ["link.key"]


def test_a_damaged_key_is_an_error_that_says_what_to_do(make, tmp_path: Path):
    provider = make(link_tokens=True)
    provider.worker_link(_URL, "alice")
    (tmp_path / "home" / "inhouse" / "link.key").write_bytes(b"short")
    with pytest.raises(ProviderError) as caught:
        provider.worker_link(_URL, "alice")
    assert "Delete it" in caught.value.hint


def test_a_key_that_cannot_be_kept_is_an_error(make, tmp_path: Path):
    (tmp_path / "home").write_text("a file where the directory should be")
    with pytest.raises(ProviderError, match="cannot be kept"):
        make(link_tokens=True).worker_link(_URL, "alice")


@pytest.mark.parametrize("name", ["a\u202eb", "line\u2028break", "tab\there", "\ud800"])
def test_names_that_would_disturb_a_screen_are_refused(make, name: str):
    with pytest.raises(RegistrationRefusedError, match="control characters"):
        make().read_registration({"worker_name": name, "assignment_id": "7"})


@pytest.mark.parametrize("name", ["", " ", "a\x00b", "\ud800", "n" * 201])
def test_no_link_is_made_for_a_name_that_would_be_refused(make, name: str):
    with pytest.raises(ProviderError, match="no link"):
        make().worker_link(_URL, name)


@given(name=text(), url=sampled_from([_URL, f"{_URL}/", f"{_URL}/welcome?condition=2"]))
def test_a_link_leads_back_to_its_worker_whatever_the_name(name: str, url: str):
    provider = InhouseProvider(InhouseArgs(), make_provider_context())
    try:
        link = provider.worker_link(url, name)
    except ProviderError:
        return
    assert provider.read_registration(_registration(link)).worker_name == name


@pytest.mark.parametrize("name", ["Zoë", "山田 太郎", "O'Brien-Smith", "a" * 200, "👩‍🔬"])
def test_ordinary_names_of_the_world_are_admitted(make, name: str):
    data = {"worker_name": name, "assignment_id": "7"}
    assert make().read_registration(data).worker_name == name
