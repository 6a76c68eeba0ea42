/* The page's parts: what was said, what is to be done now, and where to do it. */

import { Composer } from "./composer.js";
import { classes, element, html } from "./dom.js";
import { Questions } from "./questions.js";
import { CONNECTION, TEXTS } from "./texts.js";

export class ChatView {
  constructor(taskConfig, { onSend, onDone }) {
    this.onSend = onSend;
    this.onDone = onDone;
    this.title = taskConfig.chat_title || "Chat";
    this.composer = new Composer(onSend);
    this.reply = this.composer;
    this.questionsKey = null;
    this.log = element("div", {
      class: "log",
      role: "log",
      "aria-label": "Conversation",
      "aria-live": "polite",
      tabindex: 0,
    });
    this.connection = element("p", { class: "connection", role: "status" });
    this.notice = element("p", { class: "notice", role: "status" });
    this.response = element("div", { class: "response" });
    const description = html("aside", { class: "description" }, taskConfig.task_description);
    const chat = element("section", {}, this.connection, this.log, this.notice, this.response);
    this.element = element(
      "div",
      { class: classes("chat", description && "has-description") },
      element("h1", {}, this.title),
      description,
      chat
    );
    if (taskConfig.frame_height) this.log.style.height = taskConfig.frame_height * 0.6 + "px";
  }

  addMessage(speaker, text, isOwn) {
    const name = element("span", { class: "name" }, isOwn ? speaker + " (you)" : speaker);
    const said = element("span", { class: "text" }, text);
    this.log.append(element("p", { class: classes("message", isOwn && "is-own") }, name, " ", said));
    this.log.scrollTop = this.log.scrollHeight;
  }

  showConnection(state) {
    this.connection.textContent = CONNECTION[state];
    this.connection.dataset.state = state;
  }

  say(text, isProblem) {
    this.notice.textContent = text;
    this.notice.classList.toggle("is-problem", Boolean(isProblem));
  }

  /* The worker answers with a message, or with a form where the world has sent questions. */
  showReply(questions, isActive) {
    const key = questions ? JSON.stringify(questions) : null;
    if (key !== this.questionsKey) {
      this.questionsKey = key;
      this.reply = questions ? new Questions(questions, this.onSend) : this.composer;
    }
    // Only where it changes: what is put in again would lose the focus.
    if (this.response.firstChild !== this.reply.element) this.show(this.reply.element);
    this.reply.setActive(isActive);
    document.title = (isActive ? "● " : "") + this.title;
    if (isActive && this.hasTheFocus()) this.reply.focus();
  }

  /* The focus is moved only where nothing else on the page has it. */
  hasTheFocus() {
    const active = document.activeElement;
    return !active || active === document.body || this.response.contains(active);
  }

  /* The form is gone once it is answered, so that the next one starts empty. */
  forgetQuestions() {
    this.questionsKey = null;
    if (this.reply !== this.composer) this.response.replaceChildren();
  }

  showDone(text, isProblem) {
    const button = element("button", { type: "button", id: "done-button" }, "Done");
    button.addEventListener("click", () => {
      if (button.disabled) return;
      button.disabled = true;
      this.say(TEXTS.sending);
      this.onDone();
    });
    this.say(text || TEXTS.over, isProblem);
    this.show(button);
    if (this.hasTheFocus()) button.focus();
  }

  showNothing(text, isProblem) {
    this.say(text, isProblem);
    this.show();
  }

  show(...nodes) {
    document.title = this.title;
    const hadFocus = this.response.contains(document.activeElement);
    this.response.replaceChildren(...nodes);
    if (hadFocus && !nodes.length) this.log.focus();
  }
}
