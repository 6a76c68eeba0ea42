from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from multidict import CIMultiDictProxy

from .conftest import World

HTML = {"Accept": "text/html,application/xhtml+xml"}


async def get(
    world: World, path: str, headers: dict[str, str] | None = None
) -> tuple[int, str, CIMultiDictProxy[str]]:
    async with world.client.get(world.url + path, headers=headers) as response:
        return response.status, await response.text(), response.headers


@pytest.mark.parametrize("path", ["/", "/index.html", "/task_index", "/welcome", "/?worker_id=x"])
async def test_the_task_page_is_served_at_each_of_its_addresses(world: World, path: str) -> None:
    status, text, headers = await get(world, path)
    assert status == 200
    assert text == "<!DOCTYPE html><title>task</title>"
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["Cache-Control"] == "public, max-age=0"
    assert headers["ETag"]
    assert headers["Last-Modified"]


async def test_any_file_of_the_site_is_served_from_the_root(world: World) -> None:
    (world.site.root / "sub").mkdir()
    (world.site.root / "sub" / "ünï code.css").write_text("body {}")
    status, text, headers = await get(world, "/sub/%C3%BCn%C3%AF%20code.css?v=1")
    assert (status, text) == (200, "body {}")
    assert headers["Content-Type"].startswith("text/css")
    assert (await get(world, "/bundle.js"))[2]["Content-Type"].split(";")[0].endswith("javascript")
    assert (await get(world, "/static/bundle.js"))[0] == 404


async def test_an_unchanged_file_is_not_sent_again(world: World) -> None:
    for path in ("/bundle.js", "/wrap_crowd_source.js"):
        etag = (await get(world, path))[2]["ETag"]
        status, text, _ = await get(world, path, {"If-None-Match": etag})
        assert (status, text) == (304, "")


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/sub/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e%2fsecret.txt",
        "/..\\secret.txt",
        "/..%5csecret.txt",
        "/index.html%00.png",
        "/%ff%fe",
        "/leads_out",
        "/leads_out_folder/secret.txt",
    ],
)
async def test_path_tricks_are_404_and_journalled(world: World, path: str, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("SECRET")
    (world.site.root / "leads_out").symlink_to(tmp_path / "secret.txt")
    (world.site.root / "leads_out_folder").symlink_to(tmp_path)
    head = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answer = await world.raw(head.encode("latin-1"))
    assert b" 404 " in answer.splitlines()[0]
    assert b"SECRET" not in answer
    assert len(world.backend.refusals) == 1


@pytest.mark.parametrize("path", ["/%252e%252e/secret.txt", "/" + "n" * 3000, "/no/such/file"])
async def test_a_path_to_nothing_is_404(world: World, path: str) -> None:
    answer = await world.raw(
        f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    )
    assert b" 404 " in answer.splitlines()[0]


async def test_people_are_told_in_html_that_there_is_nothing_and_scripts_in_json(
    world: World,
) -> None:
    status, text, headers = await get(world, "/no_such_page", HTML)
    assert status == 404
    assert headers["Content-Type"].startswith("text/html")
    assert "There is nothing here" in text
    status, text, headers = await get(world, "/no_such.json")
    assert status == 404
    assert json.loads(text) == {"error": "There is nothing here."}


async def test_a_site_with_a_bundle_alone_gets_a_page_for_it(world: World) -> None:
    (world.site.root / "index.html").unlink()
    _, text, _ = await get(world, "/")
    assert text.index("wrap_crowd_source.js") < text.index('id="app"') < text.index("bundle.js")
    assert "Rate &lt;these&gt; texts" in text


async def test_a_site_without_any_page_says_so(world: World) -> None:
    (world.site.root / "index.html").unlink()
    (world.site.root / "bundle.js").unlink()
    status, text, _ = await get(world, "/")
    assert status == 200
    assert "There is no task to show here yet" in text


async def test_a_closed_run_says_so_at_the_task_s_address(world: World) -> None:
    world.gateway.close_run()
    status, text, _ = await get(world, "/?worker_id=x")
    assert status == 200
    assert "This task is closed" in text


async def test_the_task_config_carries_the_version(world: World) -> None:
    _, text, _ = await get(world, "/task_config.json?mephisto_task_version=2.0.3")
    assert json.loads(text) == {
        "task_description": "Do this",
        "frame_height": 0,
        "mephisto_task_version": "2.0.4",
    }


async def test_it_says_that_it_is_alive_and_what_time_it_is(world: World) -> None:
    assert (await get(world, "/is_alive"))[1] == '{"status":"Alive!"}'
    stamp = json.loads((await get(world, "/get_timestamp"))[1])["timestamp"]
    assert isinstance(stamp, int)
    assert abs(stamp - time.time() * 1000) < 5000


async def test_the_wrapper_has_our_part_before_the_provider_s(world: World) -> None:
    status, text, headers = await get(world, "/wrap_crowd_source.js")
    assert status == 200
    assert headers["Content-Type"].startswith("text/javascript")
    assert text.index("_MEPHISTO_CONFIG_") < text.index("function getWorkerName() { return 'w'; }")


async def test_a_task_s_own_wrapper_replaces_the_provider_s_part(world: World) -> None:
    (world.site.root / "wrap_crowd_source.js").write_text("var mine = true;")
    _, text, _ = await get(world, "/wrap_crowd_source.js")
    assert text.endswith("var mine = true;\n")
    assert "keptAnswers" in text
    assert world.site.provider_script not in text


@pytest.mark.parametrize("path", ["/", "/is_alive", "/nothing", "/wrap_crowd_source.js"])
async def test_every_answer_has_the_security_headers_and_no_version(
    world: World, path: str
) -> None:
    _, _, headers = await get(world, path)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert headers["Server"] == "gateway"
    assert "Content-Security-Policy" not in headers


async def test_what_is_posted_nowhere_is_404_and_other_methods_are_405(world: World) -> None:
    assert (await world.post("/upload", {}))[0] == 404
    async with world.client.delete(world.url + "/bundle.js") as response:
        assert response.status == 405
    async with world.client.head(world.url + "/bundle.js") as response:
        assert response.status == 200
