/* One field of the form: its label, control, help and messages, and what ties them together. */

import { makeControl } from "./controls.js";
import { classes, element, freshId, html, plainText } from "./dom.js";
import { isRequired } from "./validators.js";

const GROUPS = ["checkbox", "radio"];
const REQUIRED_MARK = " *";

export class Field {
  /* `context` is the ids of texts around the field that help to understand it. */
  constructor(spec, context = []) {
    this.spec = spec;
    const id = spec.id || freshId();
    this.control = makeControl(spec, id);
    this.help = html("div", { id: id + "-help", class: "field-help" }, spec.help);
    this.tooltip = spec.tooltip
      ? element("div", { id: id + "-tooltip", class: "tooltip" }, plainText(spec.tooltip))
      : null;
    this.errors = element("div", { id: id + "-errors", class: "field-errors" });
    this.element = this.isGroup ? this.group() : this.single(id);
    const described = [this.tooltip, this.help].filter(Boolean).map((node) => node.id);
    this.describe([...described, ...context].join(" "));
  }

  get name() {
    return this.spec.name;
  }

  get isGroup() {
    return GROUPS.includes(this.spec.type);
  }

  get label() {
    return plainText(this.spec.label);
  }

  get value() {
    return this.control.read();
  }

  set value(value) {
    this.control.write(value);
  }

  single(id) {
    const label = element("label", { for: id }, ...this.labelParts());
    return element("div", this.box(), label, this.tooltip, this.control.element, this.errors, this.help);
  }

  group() {
    const legend = element("legend", {}, ...this.labelParts());
    return element(
      "fieldset", this.box(), legend, this.tooltip, this.control.element, this.errors, this.help,
    );
  }

  box() {
    const { type, tooltip } = this.spec;
    const hidden = type === "hidden" && "hidden-type";
    const required = isRequired(this.spec) && "required";
    const names = classes("field", "field-" + type, hidden, required, this.spec.classes);
    return { class: names, title: tooltip ? plainText(tooltip) : null };
  }

  labelParts() {
    const mark = element("span", { class: "required-mark", "aria-hidden": "true" }, REQUIRED_MARK);
    return [html("span", {}, this.spec.label) || "", isRequired(this.spec) ? mark : ""];
  }

  /* The messages are tied in from the start: they are read out as soon as there are any. */
  describe(ids) {
    const target = this.isGroup ? this.element : this.control.target;
    if (target) target.setAttribute("aria-describedby", (this.errors.id + " " + ids).trim());
  }

  /* A field that is not to be seen is not asked for, however it was hidden. One in a section that
   * the worker has folded up is. */
  get isAsked() {
    if (this.spec.type === "hidden") return false;
    for (let node = this.element; node && node.tagName !== "FORM"; node = node.parentElement) {
      const isFolded = node.classList.contains("section-body") && node.hidden;
      if (!isFolded && getComputedStyle(node).display === "none") return false;
    }
    return true;
  }

  get isInvalid() {
    return this.errors.childElementCount > 0;
  }

  show(messages) {
    this.errors.replaceChildren(...messages.map((text) => element("p", {}, text)));
    const inputs = this.isGroup ? this.element.querySelectorAll("input") : [this.control.target];
    for (const input of inputs) {
      if (!input) continue;
      if (messages.length) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    }
    this.element.classList.toggle("is-invalid", messages.length > 0);
  }

  focus() {
    const { target } = this.control;
    const chosen = this.isGroup && this.element.querySelector("input:checked");
    if (chosen || target) (chosen || target).focus();
  }
}
