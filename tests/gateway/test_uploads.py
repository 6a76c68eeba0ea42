from __future__ import annotations

import hashlib
import io
import stat
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from mephisto_engine.abstractions.channel import SubmitOutcome
from mephisto_engine.abstractions.site import Limits
from mephisto_engine.errors import StorageError

from .conftest import AGENT, DOWNLOAD_TOKEN, World

SUBMITTED = (200, {"status": "Submitted!"})


def form(*files: tuple[str, str, bytes], **fields: str) -> aiohttp.FormData:
    data = aiohttp.FormData(default_to_multipart=True, quote_fields=False)
    for name, value in {"USED_AGENT_ID": AGENT, **fields}.items():
        data.add_field(name, value)
    for name, file_name, content in files:
        data.add_field(name, io.BytesIO(content), filename=file_name, content_type="text/plain")
    return data


def raw_form(*parts: bytes) -> tuple[bytes, dict[str, str]]:
    """A form of parts given as they are, for what no honest client would send."""
    body = b"".join(b"--frontier\r\n" + part + b"\r\n" for part in parts) + b"--frontier--\r\n"
    return body, {"Content-Type": "multipart/form-data; boundary=frontier"}


def file_part(disposition: bytes, content: bytes = b"x") -> bytes:
    return b"Content-Disposition: form-data; " + disposition + b"\r\n\r\n" + content


def everything_below(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


AGENT_PART = file_part(b'name="USED_AGENT_ID"', AGENT.encode())


async def test_files_are_stored_under_names_of_our_own_and_described(world: World) -> None:
    content = b"0123456789"
    data = form(("file1", "first.txt", content), final_string_data='{"rating": "good"}')
    assert await world.post_raw("/submit_task", data) == SUBMITTED
    [submission] = world.backend.submissions
    [record] = submission.uploads
    [path] = world.stored_files()
    assert path.name == record.stored_name
    assert path.name != "first.txt"
    assert path.read_bytes() == content
    assert record.size == 10
    assert record.sha256 == hashlib.sha256(content).hexdigest()
    description = {
        "originalname": "first.txt",
        "encoding": "7bit",
        "mimetype": "text/plain",
        "destination": f"{world.site.uploads}/",
        "filename": record.stored_name,
        "path": str(path),
        "size": 10,
    }
    assert submission.body == {
        "rating": "good",
        "files": [{"fieldname": "file1", **description}],
        "filesByFields": {"file1": [description]},
    }


async def test_stored_files_are_for_the_owner_alone(world: World) -> None:
    await world.post_raw("/submit_task", form(("f", "a", b"x")))
    assert stat.S_IMODE(world.stored_files()[0].stat().st_mode) == 0o600
    assert stat.S_IMODE(world.site.uploads.stat().st_mode) == 0o700


async def test_files_of_one_input_are_grouped(world: World) -> None:
    await world.post_raw("/submit_task", form(("f", "a", b"1"), ("f", "b", b"2"), ("g", "c", b"3")))
    body = world.backend.submissions[0].body
    assert [file["originalname"] for file in body["files"]] == ["a", "b", "c"]
    assert [len(files) for files in body["filesByFields"].values()] == [2, 1]


async def test_a_form_without_files_has_empty_lists_of_them(world: World) -> None:
    data = form(final_string_data='{"a": 1}', final_data="[object Object]", rating="good")
    assert await world.post_raw("/submit_task", data) == SUBMITTED
    assert world.backend.submissions[0].body == {"a": 1, "files": [], "filesByFields": {}}


async def test_an_input_in_which_no_file_was_chosen_sends_no_file(world: World) -> None:
    body, headers = raw_form(AGENT_PART, file_part(b'name="f"; filename=""', b""))
    assert await world.post_raw("/submit_task", body, headers=headers) == SUBMITTED
    assert world.backend.submissions[0].body == {"files": [], "filesByFields": {}}


async def test_a_plain_form_s_inputs_are_the_answer(world: World) -> None:
    assert await world.post_raw("/submit_task", form(rating="good")) == SUBMITTED
    body = world.backend.submissions[0].body
    assert body == {"rating": "good", "files": [], "filesByFields": {}}


async def test_a_large_file_is_stored_whole(world: World) -> None:
    content = bytes(range(256)) * 20_000
    assert await world.post_raw("/submit_task", form(("f", "big", content))) == SUBMITTED
    assert world.stored_files()[0].read_bytes() == content


@pytest.mark.parametrize(
    "name",
    [
        "../../x",
        "/etc/passwd",
        "..\\..\\x",
        "a/b",
        ".htaccess",
        "con",
        "schön 🙂 \u202etxt.exe",
        "%2e%2e%2fx",
        "n" * 3000,
    ],
)
async def test_a_file_s_name_is_data_and_never_a_path(
    world: World, name: str, tmp_path: Path
) -> None:
    before = everything_below(tmp_path)
    assert await world.post_raw("/submit_task", form(("f", name, b"x"))) == SUBMITTED
    [path] = world.stored_files()
    assert everything_below(tmp_path) - before == {world.site.uploads, path}
    [record] = world.backend.submissions[0].uploads
    assert record.original_name == name.lstrip("/")[:1024]


@pytest.mark.parametrize(
    "disposition",
    [
        b'name="f"; filename="nul\x00name"',
        b'name="f"; filename="\xff\xfe"',
        b'name="\xff"; filename="a"',
        b"name=f; filename*=utf-8''..%2f..%2fx",
        b'name="f"; filename="' + b"n" * 20_000 + b'"',
        b'filename="nameless"',
        b'name="f"; filename="a"; filename="b"',
    ],
)
async def test_a_strange_part_is_stored_or_refused_and_nothing_lies_elsewhere(
    world: World, disposition: bytes, tmp_path: Path
) -> None:
    before = everything_below(tmp_path)
    body, headers = raw_form(AGENT_PART, file_part(disposition))
    status, answer = await world.post_raw("/submit_task", body, headers=headers)
    assert status in (200, 400)
    assert (status == 400) == ("error" in answer)
    assert len(world.stored_files()) == (1 if status == 200 else 0)
    new = everything_below(tmp_path) - before - {world.site.uploads}
    assert new == set(world.stored_files())


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"no boundary at all", "multipart/form-data"),
        (b"not a form", "multipart/form-data; boundary=frontier"),
        (b"--frontier\r\nContent-Disposition", "multipart/form-data; boundary=frontier"),
        (b"--frontier\r\n\r\n\r\n--frontier--\r\n", "multipart/form-data; boundary=frontier"),
        (b"", "multipart/form-data; boundary=frontier"),
    ],
)
async def test_a_malformed_form_is_400(world: World, body: bytes, kind: str) -> None:
    headers = {"Content-Type": kind}
    status, answer = await world.post_raw("/submit_task", body, headers=headers)
    assert status == 400
    assert answer["error"]
    assert not world.backend.submissions
    assert not world.stored_files()


@pytest.mark.parametrize("failure", [StorageError("full"), None])
async def test_files_of_an_answer_that_was_not_stored_are_removed(
    world: World, failure: Exception | None
) -> None:
    world.backend.failure = failure
    data = form(("f", "a", b"x"))
    if failure is None:
        data = aiohttp.FormData([("USED_AGENT_ID", "forged")], default_to_multipart=True)
        data.add_field("f", b"x", filename="a")
    status, _ = await world.post_raw("/submit_task", data)
    assert status == (404 if failure is None else 503)
    assert not world.stored_files()


async def test_files_of_a_repeated_answer_are_removed(world: World) -> None:
    world.backend.outcome = SubmitOutcome.REPEATED
    assert await world.post_raw("/submit_task", form(("f", "a", b"x"))) == SUBMITTED
    assert not world.stored_files()


async def test_files_stay_when_it_is_unknown_whether_the_answer_was_stored(
    world: World,
) -> None:
    world.backend.failure = RuntimeError("after the commit, perhaps")
    assert (await world.post_raw("/submit_task", form(("f", "a", b"x"))))[0] == 500
    assert len(world.stored_files()) == 1


async def test_a_disk_that_does_not_take_a_file_asks_the_page_to_keep_the_answer(
    world: World,
) -> None:
    world.site.uploads.write_text("a file where the folder should be")
    status, answer = await world.post_raw("/submit_task", form(("f", "a", b"x")))
    assert status == 503
    assert "keep your answer" in answer["error"].lower()
    assert not world.backend.submissions


async def test_metadata_may_bring_files(world: World) -> None:
    data = form(("attachments", "a.png", b"png"), metadata='{"type": "worker_opinion"}')
    answer = await world.post_raw("/submit_metadata", data)
    assert answer == (200, {"status": "Submitted metadata"})
    [(token, metadata, [record])] = world.backend.metadata
    assert token == AGENT
    assert metadata["type"] == "worker_opinion"
    assert metadata["filesByFields"]["attachments"][0]["filename"] == record.stored_name


class TestSmallLimits:
    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(max_body_bytes=2000, max_upload_bytes=100_000, max_files=2)

    @pytest.mark.parametrize(
        "data",
        [
            lambda: form(("f", "a", b"x" * 60_000), ("f", "b", b"x" * 60_000)),
            lambda: form(("f", "a", b"x" * 3_000_000)),
            lambda: form(*[("f", "a", b"x")] * 3),
            lambda: form(final_string_data='{"a": "' + "x" * 3000 + '"}'),
        ],
    )
    async def test_what_is_too_much_is_413_and_leaves_nothing(
        self, world: World, data: Any
    ) -> None:
        status, answer = await world.post_raw("/submit_task", data())
        assert status == 413
        assert answer["error"]
        assert not world.stored_files()
        assert len(world.backend.refusals) == 1

    async def test_what_just_fits_is_taken(self, world: World) -> None:
        data = form(("f", "a", b"x" * 50_000), ("f", "b", b"x" * 50_000))
        assert await world.post_raw("/submit_task", data) == SUBMITTED


class TestDownloads:
    async def get(self, world: World, name: str, token: str | None) -> tuple[int, bytes]:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        url = f"{world.url}/download_file/{name}"
        async with world.client.get(url, headers=headers) as response:
            return response.status, await response.read()

    async def stored_name(self, world: World) -> str:
        await world.post_raw("/submit_task", form(("f", "a.html", b"<script>")))
        return world.stored_files()[0].name

    async def test_the_run_s_token_opens_a_download(self, world: World) -> None:
        name = await self.stored_name(world)
        assert await self.get(world, name, DOWNLOAD_TOKEN) == (200, b"<script>")

    @pytest.mark.parametrize("token", [None, "", "wrong", AGENT])
    async def test_nobody_else_learns_anything(self, world: World, token: str | None) -> None:
        name = await self.stored_name(world)
        assert await self.get(world, name, token) == (404, b"")
        assert len(world.backend.refusals) == 1

    @pytest.mark.parametrize("name", ["absent", "..%2fsite%2findex.html", "%00", "0" * 32])
    async def test_other_names_lead_nowhere_even_with_the_token(
        self, world: World, name: str
    ) -> None:
        status, _ = await self.get(world, name, DOWNLOAD_TOKEN)
        assert status == 404

    async def test_a_link_among_the_uploads_is_not_followed(
        self, world: World, tmp_path: Path
    ) -> None:
        await self.stored_name(world)
        (world.site.uploads / ("1" * 32)).symlink_to(world.site.root / "index.html")
        assert (await self.get(world, "1" * 32, DOWNLOAD_TOKEN))[0] == 404
