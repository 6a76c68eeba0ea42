/* A conversation: what arrives over the socket becomes what the page shows, and the other way. */

import { LiveSocket } from "./socket.js";
import { ENDED, HANDED_IN, STATUS, TEXTS } from "./texts.js";
import { ChatView } from "./view.js";

const WAITING = "waiting", READY = "ready", DONE = "done", INACTIVE = "inactive";

export class Chat {
  /* `handlers`: onDone(), onOnboarded(), onHandedIn(). */
  constructor(taskConfig, handlers) {
    this.handlers = handlers;
    this.view = new ChatView(taskConfig, {
      onSend: (message) => this.send(message),
      onDone: handlers.onDone,
    });
    this.seen = new Set();
    this.socket = null;
  }

  /* Take the part of an agent: replay what was said before, then go on live. */
  join(agentId, pastUpdates) {
    this.leave();
    this.agentId = agentId;
    this.isOnboarding = agentId.startsWith("onboarding");
    this.hasHandedInOnboarding = false;
    this.context = {};
    this.names = new Set();
    this.ownName = "You";
    this.mode = WAITING;
    this.status = "none";
    for (const update of pastUpdates) this.receive(update);
    this.render();
    this.socket = new LiveSocket(agentId, {
      onStatus: (status) => this.take(status),
      onUpdate: (update) => {
        this.receive(update);
        this.render();
      },
      onConnection: (state) => this.view.showConnection(state),
    });
  }

  leave() {
    if (this.socket) this.socket.close();
    this.socket = null;
  }

  send(message) {
    const sent = this.socket.send({
      ...message,
      id: this.agentId,
      episode_done: Boolean(this.context.task_done),
    });
    this.mode = WAITING;
    this.view.forgetQuestions();
    this.receive(sent);
    this.render();
  }

  receive(update) {
    if (this.seen.has(update.update_id)) return;
    this.seen.add(update.update_id);
    this.merge(update.task_data || {});
    if (!update.text) return;
    const isOwn = update.id === this.agentId || this.names.has(update.id);
    const speaker = isOwn ? this.ownName : String(update.id || "System");
    this.view.addMessage(speaker, String(update.text), isOwn);
    if (update.id === this.agentId) this.turnTo(WAITING);
  }

  merge(taskData) {
    const { agent_display_name: name, live_update_requested: isAsked, ...rest } = taskData;
    Object.assign(this.context, rest);
    if (name) {
      this.ownName = name;
      this.names.add(name);
    }
    if (rest.task_done) this.turnTo(DONE);
    else if (isAsked === true) this.turnTo(READY);
    else if (isAsked === false) this.turnTo(WAITING);
    if (rest.is_final) this.leave();
  }

  /* Once the conversation is over, nothing asks for another message. */
  turnTo(mode) {
    if (this.mode !== INACTIVE && (this.mode !== DONE || mode === INACTIVE)) this.mode = mode;
  }

  take(status) {
    this.status = status;
    if (status === "waiting" && this.isOnboarding) return this.endOnboarding();
    if (HANDED_IN.has(status)) return this.handlers.onHandedIn();
    if (status === "partner disconnect") this.turnTo(DONE);
    if (ENDED.has(status)) {
      this.turnTo(INACTIVE);
      this.leave();
    }
    this.render();
  }

  /* The status comes again with each new socket. */
  endOnboarding() {
    if (this.hasHandedInOnboarding) return;
    this.hasHandedInOnboarding = true;
    this.turnTo(WAITING);
    this.view.showNothing(TEXTS.checking);
    this.handlers.onOnboarded();
  }

  render() {
    if (this.mode === INACTIVE) return this.view.showNothing(STATUS[this.status], true);
    if (this.mode === DONE) return this.view.showDone(this.context.doneText || STATUS[this.status]);
    const isReady = this.mode === READY;
    this.view.showReply(this.context.respond_with_form || null, isReady);
    this.view.say(isReady ? TEXTS.yourTurn : STATUS[this.status] || TEXTS.othersTurn);
  }
}
