/* The live half of the worker protocol: one WebSocket at a time, opened again whenever it is lost.
 *
 * The protocol acknowledges no update. But packets keep their order, so the answer to a heartbeat
 * says that all that was sent before it has arrived; what has not is sent again over the next
 * socket, and the server drops what it has seen. */

const HEARTBEAT_MS = 5000;
const FIRST_HEARTBEAT_MS = 500;
const UNANSWERED_BEATS = 3;
const OPENING_MS = 10000;
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 10000;
const UNKNOWN_AGENT = 4401;

function newUpdateId() {
  // Not randomUUID: a browser has it on https and localhost only.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class LiveSocket {
  /* `handlers`: onStatus(status), onUpdate(data), onConnection("connecting" | "open" | "lost" |
   * "unknown"). */
  constructor(agentId, handlers) {
    this.agentId = agentId;
    this.handlers = handlers;
    this.socket = null;
    this.unconfirmed = [];
    this.marks = [];
    this.attempts = 0;
    this.timers = new Set();
    this.isClosed = false;
    this.wake = () => this.reopenNow();
    addEventListener("online", this.wake);
    this.open();
  }

  send(data) {
    const update = { ...data, update_id: data.update_id || newUpdateId() };
    this.unconfirmed.push(update);
    if (this.isOpen()) this.sendUpdate(update);
    return update;
  }

  close() {
    this.isClosed = true;
    removeEventListener("online", this.wake);
    this.clearTimers();
    if (this.socket) this.socket.close();
  }

  isOpen() {
    return Boolean(this.socket) && this.socket.readyState === WebSocket.OPEN;
  }

  open() {
    const scheme = location.protocol === "https:" ? "wss://" : "ws://";
    const socket = new WebSocket(scheme + location.host + "/");
    this.socket = socket;
    this.marks = [];
    if (!this.attempts) this.handlers.onConnection("connecting");
    const opening = this.after(OPENING_MS, () => socket.close());
    socket.onopen = () => {
      this.cancel(opening);
      this.begin();
    };
    socket.onmessage = (event) => this.read(event.data);
    socket.onclose = (event) => {
      if (socket === this.socket && !this.isClosed) this.lost(event.code);
    };
  }

  begin() {
    this.attempts = 0;
    this.sendPacket("alive", { update_id: newUpdateId() });
    this.unconfirmed.forEach((update) => this.sendUpdate(update));
    this.handlers.onConnection("open");
    this.after(FIRST_HEARTBEAT_MS, () => this.beat());
  }

  beat() {
    // Counted and not timed: in a hidden tab, timers may stand still for a minute.
    if (this.marks.length >= UNANSWERED_BEATS) return this.abandon();
    const last = this.unconfirmed.at(-1);
    this.marks.push(last && last.update_id);
    this.sendPacket("heartbeat");
    this.after(HEARTBEAT_MS, () => this.beat());
  }

  /* A socket that is only half there does not close in any useful time: it is left behind. */
  abandon() {
    const socket = this.socket;
    this.lost();
    socket.close();
  }

  lost(code) {
    this.socket = null;
    this.clearTimers();
    if (code === UNKNOWN_AGENT) return this.handlers.onConnection("unknown");
    this.handlers.onConnection("lost");
    const longest = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** this.attempts);
    this.attempts += 1;
    this.after(longest * (0.5 + Math.random() / 2), () => this.open());
  }

  reopenNow() {
    if (this.socket || this.isClosed) return;
    this.clearTimers();
    this.open();
  }

  read(text) {
    const packet = JSON.parse(text);
    const data = packet.data || {};
    if (packet.packet_type === "heartbeat") this.confirm(this.marks.shift());
    if (packet.packet_type === "update_status") this.handlers.onStatus(data.status);
    if (packet.packet_type === "client_bound_live_update") this.handlers.onUpdate(data);
  }

  confirm(updateId) {
    const index = this.unconfirmed.findIndex((update) => update.update_id === updateId);
    this.unconfirmed.splice(0, index + 1);
  }

  sendUpdate(update) {
    this.sendPacket("mephisto_bound_live_update", update);
  }

  sendPacket(kind, data) {
    const packet = { packet_type: kind, subject_id: this.agentId, data };
    this.socket.send(JSON.stringify({ ...packet, client_timestamp: Date.now() / 1000 }));
  }

  after(milliseconds, callback) {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      callback();
    }, milliseconds);
    this.timers.add(timer);
    return timer;
  }

  cancel(timer) {
    clearTimeout(timer);
    this.timers.delete(timer);
  }

  clearTimers() {
    this.timers.forEach(clearTimeout);
    this.timers.clear();
  }
}
