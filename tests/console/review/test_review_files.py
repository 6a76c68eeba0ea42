"""Files that came with an answer are opened once it was said what would run."""

from __future__ import annotations

from review_desk import (
    LARGE,
    SMALL,
    press,
)


async def test_a_file_opens_once_it_was_said_what_would_run(desk, console, screen_text):
    path = desk.attach(0, "$(touch x) \x1b[2J.txt", b"text")
    app = console(desk)
    async with app.run_test(size=LARGE) as pilot:
        await press(pilot, "2")
        assert "$(touch x) ␛[2J.txt  4 B" in screen_text(app)
        await press(pilot, "enter")
        shown = screen_text(app)
        assert "Open a file that a worker sent" in shown
        assert "This runs" in shown
        assert str(path)[:40] in shown
        await press(pilot, "enter")
        assert app.screen.is_current
        await press(pilot, "enter", "o")
        assert "this terminal cannot be handed to another program" in screen_text(app)


async def test_what_nothing_here_shows_is_named_by_its_path(
    desk, console, screen_text, monkeypatch
):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    desk.attach(0, "notes.txt", b"text")
    path = desk.attach(0, "photo.png", b"\x89PNG\r\n\x1a\n\0")
    app = console(desk)
    async with app.run_test(size=LARGE) as pilot:
        await press(pilot, "2", "enter")
        assert "Open which file?" in screen_text(app)
        await press(pilot, "j", "enter")
        assert "a PNG picture: nothing here shows it; copied" in screen_text(app)
        assert str(path)[:40] in screen_text(app)
        path.unlink()
        await press(pilot, "enter", "j", "enter")
        assert "it is not there, or no file" in screen_text(app)


async def test_a_unit_without_files_says_so(desk, console, screen_text):
    app = console(desk)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "2", "enter")
        assert "no files came with this unit" in screen_text(app)
