from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mephisto_tui.safe_text import clean, clean_lines, count_codes, cut, is_harmless, styled, width
from mephisto_tui.view.glyphs import to_ascii

ANY_TEXT = st.text(st.characters(), max_size=60) | st.text(
    st.sampled_from("a\x1b\x07\x9b\u202e\u2066\u200e\u200d\ufe0f\u0301\ud800\x00\n\t日\U000e0041"),
    max_size=40,
)


def has_power(text: str) -> bool:
    return any(
        unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
        for character in text
    )


@given(ANY_TEXT)
def test_clean_text_has_no_power_over_a_terminal(text):
    assert not has_power(clean(text))
    assert is_harmless(clean(text))
    clean(text).encode("utf-8")


@given(ANY_TEXT)
def test_codes_are_counted_but_ends_of_lines_and_tabs(text):
    codes = [letter for letter in text if letter not in "\n\r\t" and not is_harmless(letter)]
    assert count_codes(text) == len(codes)


@given(ANY_TEXT, st.integers(0, 40))
def test_clean_text_is_no_wider_than_asked(text, cells):
    assert width(clean(text, cells)) <= cells


@given(ANY_TEXT)
def test_cleaning_twice_changes_nothing_more(text):
    assert clean(clean(text)) == clean(text)


@given(ANY_TEXT)
def test_cleaned_lines_keep_line_ends_and_nothing_else(text):
    lines = clean_lines(text)
    assert len(lines) == text.replace("\r\n", "\n").count("\n") + 1
    assert not any(has_power(line) for line in lines)


@given(ANY_TEXT)
def test_ascii_is_as_wide_as_what_it_stands_for(text):
    shown = clean(text)
    assert to_ascii(shown).isascii()
    assert width(to_ascii(shown)) == width(shown)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb", "a␛[31mb"),
        ("a\r\n\tb", "a␍␊␉b"),
        ("\x7f\x9b", "␡\\u{9b}"),
        ("x\u202ey\u2066", "x\\u{202e}y\\u{2066}"),
        ("\u200b\u200e", "\\u{200b}\\u{200e}"),
        ("\ud800", "\\u{d800}"),
        ("e\u0301", "e\u0301"),
        ("\u0301a", "\u25cc\u0301a"),
        ("a" + "\u0301" * 5, "a" + "\u0301" * 3 + "\\u{301}" * 2),
        ("\u2764\ufe0f", "\u2764"),
        ("a\u00a0b", "a b"),
        ("[/x] [bold]", "[/x] [bold]"),
    ],
)
def test_what_would_act_is_shown_instead(text, shown):
    assert clean(text) == shown


def test_text_is_cut_at_whole_characters():
    assert cut("日本語", 5) == "日本…"
    assert cut("日本語", 4) == "日…"
    assert cut("abc", 3) == "abc"
    assert cut("abc", 0) == ""


def test_styled_text_is_not_read_as_markup():
    text = styled("[red]\x1b[0m[/x]", "bold")
    assert text.plain == "[red]␛[0m[/x]"
    assert text.style == "bold"
    assert not text.spans
