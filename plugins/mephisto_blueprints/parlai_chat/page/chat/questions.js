/* A form that the world asks the worker to fill, in place of a message. */

import { element, freshId } from "./dom.js";

export class Questions {
  constructor(questions, onAnswer) {
    this.questions = questions;
    this.fields = questions.map((question) => this.field(question));
    this.button = element("button", { type: "submit" }, "Send");
    this.element = element("form", { class: "questions" }, ...this.fields, this.button);
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.button.disabled) onAnswer(this.answer());
    });
  }

  field(question) {
    const name = freshId();
    const text = String(question.question);
    if (question.type === "choices") {
      const choices = (question.choices || []).map((choice) => this.choice(name, String(choice)));
      return element("fieldset", {}, element("legend", {}, text), ...choices);
    }
    const input = element("textarea", { name, id: name, rows: 2, required: true });
    return element("div", { class: "question" }, element("label", { for: name }, text), input);
  }

  choice(name, value) {
    const input = element("input", { type: "radio", name, value, required: true });
    return element("label", { class: "choice" }, input, " " + value);
  }

  answer() {
    const responses = this.questions.map((question, index) => ({
      question: question.question,
      response: this.response(this.fields[index]),
    }));
    const lines = responses.map(({ question, response }) => question + ": " + response + "\n");
    return { text: lines.join(""), task_data: { form_responses: responses } };
  }

  response(field) {
    const given = field.querySelector("input:checked, textarea");
    return given ? given.value : "";
  }

  setActive(isActive) {
    for (const control of this.element.elements) control.disabled = !isActive;
  }

  focus() {
    this.element.querySelector("input, textarea, button").focus();
  }
}
