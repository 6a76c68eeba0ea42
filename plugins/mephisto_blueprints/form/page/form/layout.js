/* Sections, fieldsets and rows: where the fields of a form stand. */

import { classes, element, freshId, html, plainText } from "./dom.js";
import { Field } from "./field.js";
import { isRequired } from "./validators.js";

/* Builds the whole form, adds its fields to `form`, and gives the parts that act. */
export function layOut(spec, form) {
  const sections = spec.sections.map((section) => new Section(section, form));
  const button = submitButton(spec.submit_button);
  form.triggers.watchClick(button, spec.submit_button);
  const hasRequired = [...form.fields.values()].some((field) => isRequired(field.spec));
  const whole = element(
    "form",
    { id: spec.id, class: classes("form-composer", spec.classes), novalidate: true },
    header(spec),
    hasRequired ? element("p", { class: "required-note" }, "Answers marked * are required.") : null,
    ...sections.map((section) => section.element),
    footer(spec.submit_button, form, button),
  );
  return { element: whole, button, sections };
}

function header(spec) {
  const title = html("h1", { class: "form-name" }, spec.title);
  if (!spec.instruction) return element("header", { class: "form-header" }, title);
  const parts = spec.show_instructions_as_modal
    ? instructionDialog(spec.instruction)
    : [html("div", { class: "form-instruction" }, spec.instruction)];
  return element("header", { class: "form-header" }, title, ...parts);
}

/* The browser's own dialog holds the focus inside, closes with Escape and gives the focus back. */
function instructionDialog(instruction) {
  const heading = element("h2", { id: freshId() }, "Task instructions");
  const close = element("button", { type: "button" }, "Close");
  const text = html("div", { class: "form-instruction" }, instruction);
  const dialog = element("dialog", { "aria-labelledby": heading.id }, heading, text, close);
  const open = element("button", { type: "button", class: "instruction-button" }, "Task instructions");
  open.addEventListener("click", () => dialog.showModal());
  close.addEventListener("click", () => dialog.close());
  return [open, dialog];
}

class Section {
  constructor(spec, form) {
    const id = freshId();
    this.body = element("div", { id, class: "section-body" });
    this.toggle = spec.collapsable === false ? null : element("button", { type: "button" });
    const title = html("span", {}, spec.title) || "";
    const heading = element("h2", { class: "section-name" }, this.toggle || title);
    if (this.toggle) {
      this.toggle.append(title);
      this.toggle.setAttribute("aria-controls", id);
      this.toggle.addEventListener("click", () => this.fold(!this.body.hidden));
      this.fold(spec.initially_collapsed === true);
    }
    form.triggers.watchClick(this.toggle || heading, spec);
    this.body.append(...spec.fieldsets.map((fieldset) => layFieldset(fieldset, form)));
    this.element = element(
      "section",
      { id: spec.id, class: classes("section", spec.classes), "aria-label": plainText(spec.title) },
      element("div", { class: "section-header" }, heading, instructionOf(spec, "section")),
      this.body,
    );
  }

  fold(isFolded) {
    this.body.hidden = isFolded;
    this.toggle.setAttribute("aria-expanded", String(!isFolded));
  }

  unfold() {
    if (this.toggle) this.fold(false);
  }
}

function instructionOf(spec, kind) {
  return html("div", { class: kind + "-instruction", id: freshId() }, spec.instruction);
}

function layFieldset(spec, form) {
  const instruction = instructionOf(spec, "fieldset");
  const help = html("div", { class: "fieldset-help", id: freshId() }, spec.help);
  const described = [instruction, help].filter(Boolean).map((node) => node.id);
  const isNamed = Boolean(spec.title);
  return element(
    isNamed ? "fieldset" : "div",
    {
      id: spec.id,
      class: classes("fieldset", spec.classes),
      role: isNamed ? null : "group",
      "aria-describedby": described.join(" ") || null,
    },
    html("legend", { class: "fieldset-name" }, spec.title),
    instruction,
    ...spec.rows.map((row) => layRow(row, form)),
    help,
  );
}

function layRow(spec, form) {
  const help = html("div", { class: "row-help", id: freshId() }, spec.help);
  const context = help ? [help.id] : [];
  const fields = spec.fields.map((field) => form.add(new Field(field, context)).element);
  const row = element("div", { class: "row" }, ...fields);
  return element("div", { id: spec.id, class: classes("row-box", spec.classes) }, row, help);
}

function submitButton(spec) {
  const title = spec.tooltip ? plainText(spec.tooltip) : null;
  return element("button", { type: "submit", class: "button-submit", title }, spec.text);
}

function footer(spec, form, button) {
  const attributes = { id: spec.id, class: classes("form-buttons", spec.classes) };
  const instruction = html("div", { class: "submit-instruction", id: freshId() }, spec.instruction);
  if (instruction) button.setAttribute("aria-describedby", instruction.id);
  return element("footer", attributes, form.notice, instruction, form.status, button);
}
