/* Where the worker writes a message. */

import { element } from "./dom.js";

export class Composer {
  constructor(onSend) {
    this.input = element("textarea", { id: "chat-text", rows: 2, autocomplete: "off" });
    this.button = element("button", { type: "submit" }, "Send");
    this.element = element(
      "form",
      { class: "composer" },
      element("label", { for: "chat-text" }, "Your message"),
      this.input,
      this.button
    );
    this.input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.element.requestSubmit();
    });
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = this.input.value.trim();
      if (this.button.disabled || !text) return;
      this.input.value = "";
      onSend({ text, task_data: {} });
    });
  }

  /* A message may be written before its turn; only then can it be sent. */
  setActive(isActive) {
    this.button.disabled = !isActive;
  }

  focus() {
    this.input.focus();
  }
}
