"""The page that draws a form, in a real browser, against a server that only speaks the protocol."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from form_files import field, form, options, section, write
from live_task import LiveTask

EXAMPLE = Path(__file__).parents[3] / "examples" / "form"
pytestmark = pytest.mark.browser

Serve = Callable[..., Any]
STORED = "Thank you, your answers are stored."
SUBMIT = ".button-submit"
VALIDATORS, TRIGGERS = "insertions/custom_validators.js", "insertions/custom_triggers.js"


def link(server: Any) -> str:
    return f"{server.url}?worker_id=ann&id=a1"


@pytest.fixture
def open_form(browser: Any, serve: Serve, tmp_path: Path) -> Callable[..., tuple[Any, Any]]:
    """A page with a form, and the server that it talks to."""

    def open_page(content: dict[str, Any], **files: str) -> tuple[Any, Any]:
        for name, text in files.items():
            write(tmp_path / "task" / "insertions" / name.replace("__", "."), text)
        server = serve(write(tmp_path / "task" / "form.json", content))
        page = browser.open(link(server))
        page.at("form", "waitFor")
        return page, server

    return open_page


def answers(server: Any) -> dict[str, Any]:
    [posted] = server.posts("/submit_task")
    return posted["final_string_data"]


def description(page: Any, name: str) -> str:
    """What is read out of a field beside its label, one text after another."""
    ids = f"document.querySelector('[name={name}]').getAttribute('aria-describedby').split(' ')"
    texts = "map((id) => document.getElementById(id).textContent)"
    return page.call("evaluate", f"{ids}.{texts}.join('|')")


def press(page: Any, *keys: str) -> None:
    """Keys go to what has the focus, as they do for who has no pointer."""
    for key in keys:
        page.at("*:focus", "press", key)


def test_every_type_of_field_is_submitted_in_its_shape(open_form: Any, tmp_path: Path) -> None:
    page, server = open_form(
        form(
            field("text"),
            field("mail", "email"),
            field("age", "number"),
            field("secret", "password"),
            field("essay", "textarea", value="so far"),
            field("kept", "hidden", value="as it is"),
            field("one", "radio", options=options("a", 2, True)),
            field("some", "checkbox", options=options("x", "y", 3), value={"y": True}),
            field("choice", "select", options=options("", "b", 4)),
            field("choices", "select", options=options("p", "q", "r"), multiple=True, value=""),
            field("none", "file"),
        )
    )
    page.at("[name=text]", "fill", "words")
    page.at("[name=mail]", "fill", "a@example.org")
    page.at("[name=age]", "fill", "41")
    page.at("[name=secret]", "fill", "hush")
    page.click("[name=one][value='2']")
    page.click("[name=some][value='3']")
    page.at("[name=choice]", "selectOption", "4")
    page.at("[name=choices]", "selectOption", ["p", "r"])
    page.click(SUBMIT)
    page.wait_for_text(STORED)
    assert answers(server) == {
        "text": "words",
        "mail": "a@example.org",
        "age": "41",
        "secret": "hush",
        "essay": "so far",
        "kept": "as it is",
        "one": "2",
        "some": {"x": False, "y": True, "3": True},
        "choice": "4",
        "choices": ["p", "r"],
        "none": None,
    }
    [posted] = server.posts("/submit_task")
    assert set(posted) == {"USED_AGENT_ID", "client_timestamp", "final_string_data"}
    assert posted["USED_AGENT_ID"] == "token-1"
    page.call("waitForFunction", "JSON.parse(window.sentToProvider).text === 'words'")
    assert page.log("errors") == []


def test_a_file_is_described_shown_and_sent(open_form: Any, tmp_path: Path) -> None:
    page, server = open_form(
        form(
            field(
                "picture",
                "file",
                show_preview=True,
                id="pic",
                validators={"required": True, "fileExtension": ["svg"]},
            )
        )
    )
    wrong = write(tmp_path / "notes.txt", "no picture")
    drawing = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
    right = write(tmp_path / "drawing.svg", drawing)
    page.at("[name=picture]", "setInputFiles", str(wrong))
    page.click(SUBMIT)
    page.at(".field-errors >> text=Please choose a file of type svg.", "waitFor")
    page.at("[name=picture]", "setInputFiles", str(right))
    page.at("img#pic_preview", "waitFor")
    page.click(SUBMIT)
    page.wait_for_text(STORED)
    assert server.files == {"picture": ("drawing.svg", drawing.encode())}
    described = answers(server)["picture"]
    assert set(described) == {"lastModified", "name", "size", "type"}
    assert described["name"] == "drawing.svg"
    assert described["size"] == len(drawing)


def test_the_keyboard_alone_fills_and_sends_a_form(open_form: Any) -> None:
    page, server = open_form(
        form(
            field("name"),
            field("mood", "radio", options=options("good", "bad")),
            field("tags", "checkbox", options=options("a", "b")),
            field("size", "select", options=options("", "small", "large")),
        )
    )
    page.at(".section-name button", "focus")
    press(page, "Tab")
    page.at("[name=name]:focus", "pressSequentially", "Ann")
    press(page, "Tab", "Space", "ArrowDown", "Tab", "Space", "Tab", "Tab", "ArrowDown")
    press(page, "Tab", "Enter")
    page.wait_for_text(STORED)
    assert answers(server) == {
        "name": "Ann",
        "mood": "bad",
        "tags": {"a": True, "b": False},
        "size": "small",
    }


def test_every_control_has_its_label_and_descriptions(open_form: Any) -> None:
    page, _ = open_form(
        {
            "form": {
                "title": "Survey",
                "sections": [
                    {
                        "title": "You",
                        "fieldsets": [
                            {
                                "title": "Names",
                                "rows": [
                                    {
                                        "fields": [
                                            field("first", help="As in your passport"),
                                            field("mood", "radio", options=options("a", "b")),
                                        ],
                                        "help": "Legal names only",
                                    }
                                ],
                            }
                        ],
                    }
                ],
                "submit_button": {"text": "Send", "instruction": "Look twice"},
            }
        }
    )
    assert page.call("title") == "Survey"
    assert page.at("role=textbox[name='About first']", "count") == 1
    assert page.at("role=group[name='Names']", "count") == 1
    assert page.at("role=group[name='About mood'] >> role=radio[name='Option b']", "count") == 1
    assert page.at("role=heading[name='Survey'][level=1]", "count") == 1
    assert description(page, "first") == "|As in your passport|Legal names only"


def test_a_rule_blocks_the_submission_with_a_message_that_is_read_out(open_form: Any) -> None:
    page, server = open_form(form(field("ok"), field("name", validators={"required": True})))
    page.click(SUBMIT)
    page.at("[role=alert] >> text=One answer needs another look:", "waitFor")
    assert page.at("[name=name]", "getAttribute", "aria-invalid") == "true"
    assert page.at("[name=name]:focus", "count") == 1
    assert description(page, "name") == "Please fill this in."
    assert server.posts("/submit_task") == []
    page.at("[name=name]", "fill", "Ann")
    assert page.at("[name=name]", "getAttribute", "aria-invalid") is None
    page.click(SUBMIT)
    page.wait_for_text(STORED)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (field("f", value="abc", validators={"minLength": 4}), "at least 4 characters"),
        (field("f", value="abc", validators={"maxLength": 1}), "at most 1 character."),
        (field("f", value="abc", validators={"regexp": "^[0-9]+$"}), "expected form"),
        (field("f", value="ABC", validators={"regexp": ["^[a-z]+$", "g"]}), "expected form"),
        (field("f", "email", value="nobody"), "Please write an e-mail address."),
        (
            field("f", "checkbox", options=options(1, 2), validators={"minLength": 1}),
            "choose at least 1 option.",
        ),
        (
            field(
                "f",
                "select",
                multiple=True,
                options=options(1, 2),
                value=["1", "2"],
                validators={"maxLength": 1},
            ),
            "choose at most 1 option.",
        ),
        (
            field("f", "radio", options=options(1, 2), validators={"required": True}),
            "Please choose an answer.",
        ),
        (field("f", "file", validators={"required": True}), "Please choose a file."),
    ],
)
def test_a_rule_says_what_it_wants(open_form: Any, spec: dict[str, Any], message: str) -> None:
    page, server = open_form(form(spec))
    page.click(SUBMIT)
    page.at(f".field-errors >> text={message}", "waitFor")
    assert server.posts("/submit_task") == []


def test_rules_of_the_task_get_the_field_the_value_and_their_arguments(open_form: Any) -> None:
    script = """
      import { validateFieldValue } from "react-form-composer";
      export function between(field, value, low, high) {
        if (!validateFieldValue(field, value)) return "unexpected";
        return value.length >= low && value.length <= high ? null : `${field.name}: ${low}-${high}`;
      }
      export const broken = () => { throw new Error("sad rule"); };
    """
    rules = {"between": [2, 3], "broken": True}
    page, server = open_form(form(field("code", validators=rules)), custom_validators__js=script)
    page.at("[name=code]", "fill", "x")
    page.click(SUBMIT)
    page.at(".field-errors >> text=code: 2-3", "waitFor")
    page.at("[name=code]", "fill", "xyz")
    page.click(SUBMIT)
    page.wait_for_text(STORED)
    assert "sad rule" in str(server.first_post("/log_error")["error_data"])


def test_a_script_that_does_not_load_is_reported_and_the_form_works(open_form: Any) -> None:
    page, server = open_form(form(field("a")), custom_triggers__js="export nonsense nonsense")
    page.click(SUBMIT)
    page.wait_for_text(STORED)
    assert "SyntaxError" in str(server.first_post("/log_error")["error_data"])


TRIGGER_SCRIPT = """
  export function follow(formData, update, element, value, fields, ...rest) {
    const parts = [element.name || element.title, value, Object.keys(fields).length, rest];
    update("log", [formData.log, ...parts.map((part) => JSON.stringify(part))].join(" ").trim());
  }
  export function reveal(formData, update, element, value) {
    const box = document.getElementById("extra").closest(".field");
    box.classList.toggle("hidden", value !== "yes");
  }
"""


def test_triggers_run_with_the_data_of_the_form(open_form: Any) -> None:
    content = form(
        field("log"),
        field(
            "pick", "select", options=options("", 1), triggers={"onChange": ["follow", [1, "b"]]}
        ),
        field("note", "textarea", triggers={"onFocus": "follow", "onBlur": ["follow", True]}),
    )
    content["form"]["sections"][0]["triggers"] = {"onClick": ["follow"]}
    page, _ = open_form(content, custom_triggers__js=TRIGGER_SCRIPT)
    page.at("[name=pick]", "selectOption", "1")
    assert page.at("[name=log]", "inputValue") == '"pick" "1" 3 [1,"b"]'
    page.at("[name=log]", "fill", "")
    page.at("[name=note]", "focus")
    page.at("[name=note]", "press", "Tab")
    assert page.at("[name=log]", "inputValue") == '"note" "" 3 [] "note" "" 3 [true]'
    page.at("[name=log]", "fill", "")
    page.click(".section-name button")
    assert page.at("[name=log]", "inputValue") == '"Part" null 3 []'


def test_a_field_that_cannot_be_seen_is_not_checked(open_form: Any) -> None:
    content = form(
        field("more", "radio", options=options("yes", "no"), triggers={"onChange": ["reveal"]}),
        field("extra", id="extra", classes="hidden", validators={"required": True}),
        field("token", "hidden", validators={"required": True}),
    )
    page, server = open_form(content, custom_triggers__js=TRIGGER_SCRIPT)
    page.click("[name=more][value=yes]")
    page.click(SUBMIT)
    page.at(".field-errors >> text=Please fill this in.", "waitFor")
    page.click("[name=more][value=no]")
    page.click(SUBMIT)
    page.wait_for_text(STORED)
    assert answers(server)["extra"] == ""


def test_a_folded_section_is_checked_and_opens_where_something_is_wrong(open_form: Any) -> None:
    content = form()
    content["form"]["sections"] = [
        section(field("a"), collapsable=False),
        section(field("b", validators={"required": True}), initially_collapsed=True),
    ]
    page, server = open_form(content)
    toggle = ".section-name button"
    assert page.at(toggle, "count") == 1
    assert page.at(toggle, "getAttribute", "aria-expanded") == "false"
    assert page.at("[name=b]", "isVisible") is False
    page.click(SUBMIT)
    page.at("[name=b]:focus", "waitFor")
    assert page.at(toggle, "getAttribute", "aria-expanded") == "true"
    assert server.posts("/submit_task") == []


def test_instructions_open_in_a_dialog_that_gives_the_focus_back(open_form: Any) -> None:
    content = form(field("a"), instruction="insertions/help.html", show_instructions_as_modal=True)
    page, _ = open_form(content, help__html="<b>Take your time</b>")
    assert page.at("dialog", "isVisible") is False
    page.at(".instruction-button", "focus")
    press(page, "Enter")
    page.at("role=dialog[name='Task instructions'] >> text=Take your time", "waitFor")
    press(page, "Escape")
    page.at(".instruction-button:focus", "waitFor")
    assert page.at("dialog", "isVisible") is False


def test_a_style_sheet_among_the_insertions_is_used(open_form: Any) -> None:
    page, _ = open_form(form(field("a", classes="wide")), own__css=".wide { color: rgb(1, 2, 3) }")
    page.call(
        "waitForFunction",
        "getComputedStyle(document.querySelector('.wide')).color === 'rgb(1, 2, 3)'",
    )


def test_the_page_works_under_a_strict_policy(browser: Any, serve: Serve, tmp_path: Path) -> None:
    server = serve(write(tmp_path / "task" / "form.json", form(field("a"))))
    index = server.root / "index.html"
    policy = "default-src 'self'; img-src 'self' data: blob:"
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    index.write_text(index.read_text().replace("<head>", f"<head>{meta}"))
    page = browser.open(link(server))
    page.click(SUBMIT)
    page.wait_for_text(STORED)
    assert page.log("errors") == []


def test_a_preview_registers_nobody_and_takes_no_answers(
    browser: Any, serve: Serve, tmp_path: Path
) -> None:
    server = serve(write(tmp_path / "task" / "form.json", form(field("a"))))
    page = browser.open(server.url)
    page.wait_for_text("This is a preview")
    assert page.at("[name=a]", "isDisabled") is True
    assert page.at(SUBMIT, "isDisabled") is True
    page.call("waitForLoadState", "networkidle")
    assert server.received == []


def test_a_reason_is_shown_word_for_word(browser: Any, serve: Serve, tmp_path: Path) -> None:
    server = serve(write(tmp_path / "task" / "form.json", form(field("a"))))
    server.agent_id, server.failure_reason = None, "There is currently no available work"
    page = browser.open(link(server))
    page.wait_for_text(server.failure_reason)
    assert page.text().strip() == server.failure_reason


def test_answers_that_are_refused_can_be_sent_again(open_form: Any) -> None:
    page, server = open_form(form(field("a")))
    page.at("[name=a]", "fill", "kept")
    server.submit_status = 503
    page.click(SUBMIT)
    page.wait_for_text("could not be sent")
    server.submit_status = 200
    page.click(SUBMIT)
    page.wait_for_text(STORED)
    assert answers(server) == {"a": "kept"}


def test_onboarding_shows_its_own_form_first(browser: Any, serve: Serve, tmp_path: Path) -> None:
    server = serve(write(tmp_path / "task" / "form.json", form(field("a"))))
    server.agent_id = "onboarding_1"
    page = browser.open(link(server))
    page.at("[name=a]", "fill", "Oslo")
    page.click(SUBMIT)
    page.call("waitForFunction", "document.querySelector('[name=a]')?.value === ''")
    page.click(SUBMIT)
    page.wait_for_text(STORED)
    [posted] = server.posts("/submit_onboarding")
    assert posted["provider_data"]["onboarding_data"] == {"a": "Oslo"}
    assert server.posts("/submit_task")[0]["USED_AGENT_ID"] == "token-2"


def test_the_example_is_answered_on_a_real_server(browser: Any, tmp_path: Path) -> None:
    task = LiveTask(EXAMPLE / "conf.yaml", tmp_path / "home")
    try:
        page = browser.open(task.link("ann"))
        page.click("[name=feeling][value=positive]")
        page.click("[name=topics][value=price]")
        page.click("[name=topics][value=other]")
        page.at("[name=other_topic]", "fill", "colour")
        page.at("[name=sureness]", "selectOption", "3")
        page.at("[name=language]", "fill", "en")
        page.at("[name=evidence]", "fill", "see https://example.org")
        picture = write(tmp_path / "kettle.png", "not really a picture")
        page.at("[name=picture]", "setInputFiles", str(picture))
        page.click(SUBMIT)
        page.at(".field-errors >> text=Please leave out web addresses.", "waitFor")
        page.at("[name=evidence]", "fill", "Boils fast")
        page.click(SUBMIT)
        page.wait_for_text("Thank you")
        [answer] = task.answers()
        [stored] = task.uploads()
        assert task.upload_path(stored).read_text() == "not really a picture"
        assert page.log("errors") == []
    finally:
        task.take_down()
    assert answer["topics"] == {"price": True, "quality": False, "delivery": False, "other": True}
    assert answer["other_topic"] == "colour"
    assert answer["picture"]["name"] == "kettle.png"
    assert answer["filesByFields"]["picture"][0]["originalname"] == "kettle.png"
