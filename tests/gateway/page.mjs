// A browser page without a browser: runs the served wrapper script and then one scenario.
//
// stdin: {"script": <text>, "scenario": <name>, "storage": {...}|null}; stdout: what came of it, as
// JSON. `server` holds the answers that the network gives, one a request, the last one for ever.
import vm from "node:vm";
import { readFileSync } from "node:fs";

const input = JSON.parse(readFileSync(0, "utf8"));
const sent = [];
let server = [{ status: 200, body: '{"status":"Submitted!"}' }];

function answer() {
  return server.length > 1 ? server.shift() : server[0];
}

class FakeXHR extends EventTarget {
  constructor() {
    super();
    this.readyState = 0;
    this.responseType = "";
    this.timeout = 0;
    this.withCredentials = false;
    this.upload = new EventTarget();
    this.reset();
  }
  reset() {
    Object.assign(this.state ?? (this.state = {}), {
      status: 0, statusText: "", responseURL: "", text: "", headers: {},
    });
  }
  get status() { return this.state.status; }
  get statusText() { return this.state.statusText; }
  get responseURL() { return this.state.responseURL; }
  get responseText() {
    if (this.responseType === "json") throw new Error("InvalidStateError");
    return this.state.text;
  }
  get response() {
    return this.responseType === "json" ? JSON.parse(this.state.text) : this.state.text;
  }
  get responseXML() { return null; }
  open(method, url, isAsync = true) {
    this.request = { method, url: String(url), headers: {} };
    this.isAsync = isAsync;
    this.readyState = 1;
    this.reset();
  }
  setRequestHeader(name, value) {
    if (this.readyState !== 1) throw new Error("InvalidStateError");
    this.request.headers[name] = value;
  }
  getResponseHeader(name) {
    const found = Object.entries(this.state.headers).find(
      ([key]) => key.toLowerCase() === name.toLowerCase()
    );
    return found ? found[1] : null;
  }
  getAllResponseHeaders() {
    return Object.entries(this.state.headers).map(([k, v]) => `${k}: ${v}\r\n`).join("");
  }
  send(body) {
    sent.push({ ...this.request, body });
    const reply = answer();
    if (reply.hang) return;
    this.timer = setTimeout(() => {
      this.readyState = 4;
      if (reply.status) {
        this.state.status = reply.status;
        this.state.statusText = "text";
        this.state.responseURL = "http://task.test" + this.request.url;
        this.state.text = reply.body ?? "";
        this.state.headers = reply.headers ?? {};
      }
      this.fire("readystatechange");
      this.fire(reply.status ? "load" : "error");
      this.fire("loadend");
    });
  }
  abort() {
    clearTimeout(this.timer);
    if (this.readyState === 4 || this.readyState === 0) return;
    this.readyState = 4;
    this.fire("abort");
    this.fire("loadend");
    this.readyState = 0;
  }
  fire(type) { this.dispatchEvent(new Event(type)); }
}
for (const type of ["readystatechange", "load", "error", "timeout", "abort", "loadend"]) {
  Object.defineProperty(FakeXHR.prototype, "on" + type, {
    configurable: true,
    get() { return this["_on" + type] ?? null; },
    set(listener) {
      if (!this["_on" + type]) this.addEventListener(type, (e) => this["_on" + type].call(this, e));
      this["_on" + type] = listener;
    },
  });
}

class Storage {
  constructor(items) { this.items = new Map(Object.entries(items)); }
  get length() { return this.items.size; }
  key(i) { return [...this.items.keys()][i]; }
  getItem(key) { return this.items.get(key) ?? null; }
  setItem(key, value) { this.items.set(key, value); }
  removeItem(key) { this.items.delete(key); }
}

const told = [];
function element() {
  return {
    style: {}, attributes: {},
    setAttribute(name, value) { this.attributes[name] = value; },
    set textContent(text) { told.push(text); },
  };
}
const body = { children: [], appendChild(child) { this.children.push(child); } };
const page = new EventTarget();
const delays = [];
const window = Object.assign(page, {
  XMLHttpRequest: FakeXHR,
  location: new URL("http://task.test/?worker_id=w&assignment_id=a"),
  navigator: { onLine: true },
  URL, URLSearchParams, Promise, JSON, Date, Math, Event, DOMException, Blob, FormData,
  Request, Response, Headers, AbortController, clearTimeout, console,
  ReadableStream,
  document: { body, createElement: element, addEventListener() {} },
  // Long waits are what is tested, so they pass at once and are only written down.
  setTimeout(callback, milliseconds) {
    delays.push(milliseconds);
    return setTimeout(callback);
  },
  fetch: async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    sent.push({ method: init?.method ?? input.method ?? "GET", url, body: init?.body });
    const reply = answer();
    if (!reply.status) throw new TypeError("Failed to fetch");
    return new Response(reply.body ?? "", { status: reply.status, headers: reply.headers });
  },
});
if (input.storage === null) {
  Object.defineProperty(window, "localStorage", {
    get() { throw new Error("SecurityError"); },
  });
} else {
  window.localStorage = new Storage(input.storage ?? {});
}
window.window = window;
window.self = window;
const context = vm.createContext(window);
vm.runInContext(input.script, context);

const json = (data) => JSON.stringify(data);
const ANSWER = json({ USED_AGENT_ID: "agent-1", final_data: { a: 1 }, client_timestamp: 1 });

/* As axios does it: events by `on…`, everything read in `onloadend`. */
function request(method, url, data, prepare) {
  return new Promise((resolve) => {
    const xhr = new window.XMLHttpRequest();
    const events = [];
    xhr.open(method, url, true);
    xhr.setRequestHeader("Content-Type", "application/json");
    for (const type of ["load", "error", "timeout", "abort"]) {
      xhr.addEventListener(type, () => events.push(type));
    }
    xhr.onreadystatechange = () => events.push("state" + xhr.readyState);
    xhr.onloadend = () => resolve({
      events: [...events, "loadend"],
      status: xhr.status,
      state: xhr.readyState,
      response: xhr.response,
      headers: xhr.getAllResponseHeaders(),
      url: xhr.responseURL,
      isNative: xhr instanceof FakeXHR,
    });
    prepare?.(xhr);
    xhr.send(data);
  });
}

const kept = () => [...(input.storage === null ? [] : window.localStorage.items.keys())];
const settled = () => new Promise((resolve) => setTimeout(resolve, 60));

const scenarios = {
  async config() {
    const config = window._MEPHISTO_CONFIG_;
    const heard = [];
    const stop = config.EVENT_EMITTER.on("X", (...values) => heard.push(values));
    config.set("X", 1);
    config.EVENT_EMITTER.emit("X", 2, 3);
    stop();
    config.set("X", 4);
    return {
      heard, value: config.get("X"), unset: config.get("Y") ?? null,
      defaults: [
        config.AUTO_SUBMIT_ERRORS, config.ADD_ERROR_HANDLING, config.ERROR_REPORT_TO_EMAIL,
      ],
    };
  },
  async success() { return request("POST", "/submit_task", ANSWER); },
  async restart() {
    server = [
      { status: 0 }, { status: 503, headers: { "Retry-After": "2" } }, { status: 502 },
      { status: 408 }, { status: 429 }, { status: 425 },
      { status: 200, body: '{"status":"Submitted!"}', headers: { "X-A": "b" } },
    ];
    const result = request("POST", "/submit_task?extra=1", ANSWER);
    const keptMeanwhile = kept();
    return { ...(await result), keptMeanwhile };
  },
  async refused() {
    server = [{ status: 404, body: '{"error":"x"}' }];
    return request("POST", "/submit_task", ANSWER);
  },
  async registration() {
    server = [{ status: 0 }, { status: 200, body: '{"data":1}' }];
    return request("POST", "/request_agent", "{}", (xhr) => { xhr.responseType = "json"; });
  },
  async configFile() {
    server = [{ status: 503 }, { status: 200, body: "{}" }];
    return request("GET", "/task_config.json?mephisto_task_version=2.0.3", null);
  },
  async form() {
    server = [{ status: 0 }, { status: 200 }];
    const form = new FormData();
    form.append("USED_AGENT_ID", "agent-1");
    form.append("file", new Blob(["content"]), "a.txt");
    const result = await request("POST", "/submit_task", form);
    return { ...result, same: sent.length === 2 && sent.every((entry) => entry.body === form) };
  },
  async unrelated() {
    server = [{ status: 503 }];
    const results = [
      await request("GET", "/bundle.js", null),
      await request("POST", "/elsewhere", "{}"),
      await request("POST", "http://other.test/submit_task", ANSWER),
    ];
    return { statuses: results.map((result) => result.status) };
  },
  async logError() {
    server = [{ status: 0 }];
    return request("POST", "/log_error", "{}");
  },
  async abort() {
    server = [{ hang: true }];
    return request("POST", "/submit_task", ANSWER, (xhr) => setTimeout(() => xhr.abort(), 5));
  },
  async timeout() {
    server = [{ hang: true }];
    return request("POST", "/submit_task", ANSWER, (xhr) => { xhr.timeout = 100; });
  },
  async reuse() {
    const xhr = new window.XMLHttpRequest();
    const statuses = [];
    for (const url of ["/submit_task", "/bundle.js", "/submit_task"]) {
      server = [{ status: url === "/bundle.js" ? 404 : 200 }];
      await new Promise((resolve) => {
        xhr.open("POST", url);
        xhr.onloadend = resolve;
        xhr.send(ANSWER);
      });
      statuses.push(xhr.status);
    }
    return { statuses };
  },
  async fetch() {
    server = [{ status: 0 }, { status: 503 }, { status: 200, body: "ok" }];
    const response = await window.fetch("/submit_task", { method: "POST", body: ANSWER });
    return { status: response.status, text: await response.text() };
  },
  async fetchAborted() {
    server = [{ status: 503 }];
    const controller = new AbortController();
    window.setTimeout = () => 0;
    setTimeout(() => controller.abort(), 20);
    const init = { method: "POST", body: ANSWER, signal: controller.signal };
    return window.fetch("/submit_task", init).then(
      () => ({ outcome: "answered" }), (error) => ({ outcome: error.name })
    );
  },
  async load() {
    window.handed = [];
    window.handleSubmitToProvider = (data) => window.handed.push(data);
    page.dispatchEvent(new Event("load"));
    await settled();
    return { handed: window.handed };
  },
};

const result = await scenarios[input.scenario]();
await settled();
const [banner] = body.children;
console.log(JSON.stringify({
  ...result, sent, told, delays, kept: kept(),
  banner: banner ? { ...banner.attributes, style: undefined } : null,
}));
process.exit(0);
