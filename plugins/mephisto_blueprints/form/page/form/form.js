/* The form as a whole: its fields, what they hold, and whether that can be sent. */

import { element } from "./dom.js";
import { layOut } from "./layout.js";
import { Triggers } from "./triggers.js";
import { messagesFor } from "./validators.js";

export class Form {
  /* `scripts` has the task's own `validators` and `triggers`, `report` takes what goes wrong in them. */
  constructor(spec, scripts, report) {
    this.spec = spec;
    this.scripts = scripts;
    this.report = report;
    this.fields = new Map();
    this.triggers = new Triggers(this, scripts.triggers, report);
    this.notice = element("div", { class: "form-errors", role: "alert" });
    this.status = element("p", { class: "mephisto-note", role: "status" });
    const parts = layOut(spec, this);
    this.button = parts.button;
    this.sections = parts.sections;
    this.element = parts.element;
    for (const field of this.fields.values()) this.watch(field);
  }

  add(field) {
    this.fields.set(field.name, field);
    return field;
  }

  watch(field) {
    // A message goes as soon as its reason is gone; a new one comes only with the next attempt.
    const recheck = () => field.isInvalid && field.show(this.messages(field));
    field.control.element.addEventListener("input", recheck);
    field.control.element.addEventListener("change", recheck);
    this.triggers.watchField(field);
  }

  values() {
    return Object.fromEntries([...this.fields].map(([name, field]) => [name, field.value]));
  }

  specs() {
    return Object.fromEntries([...this.fields].map(([name, field]) => [name, field.spec]));
  }

  files() {
    return [...this.fields.values()]
      .filter((field) => field.control.file && field.control.file())
      .map((field) => [field.name, field.control.file()]);
  }

  update(name, value) {
    const field = this.fields.get(name);
    if (!field) throw new Error(`The form has no field ${name}.`);
    field.value = value;
    if (field.isInvalid) field.show(this.messages(field));
  }

  messages(field) {
    if (!field.isAsked) return [];
    const fault = field.control.fault ? field.control.fault() : null;
    if (fault) return [fault];
    return messagesFor(field.spec, field.value, this.scripts.validators, this.report);
  }

  /* Whether the answers may be sent. If not, every fault is shown, and the first has the focus. */
  validate() {
    const invalid = [...this.fields.values()].filter((field) => {
      field.show(this.messages(field));
      return field.isInvalid;
    });
    this.notice.replaceChildren(...(invalid.length ? this.summary(invalid) : []));
    if (invalid.length) this.reveal(invalid[0]);
    return invalid.length === 0;
  }

  summary(invalid) {
    const count = invalid.length === 1 ? "One answer needs" : invalid.length + " answers need";
    const items = invalid.map((field) => {
      const link = element("a", { href: "#" }, field.label);
      link.addEventListener("click", (event) => {
        event.preventDefault();
        this.reveal(field);
      });
      return element("li", {}, link, ": " + field.errors.textContent);
    });
    return [element("p", {}, count + " another look:"), element("ul", {}, ...items)];
  }

  reveal(field) {
    for (const section of this.sections) {
      if (section.element.contains(field.element)) section.unfold();
    }
    field.focus();
  }

  say(text, isProblem = false) {
    this.status.classList.toggle("is-problem", isProblem);
    this.status.textContent = text;
  }
}
