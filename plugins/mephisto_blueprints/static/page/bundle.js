/* The worker's page of an HTML task: fetches the task's HTML, fills it, and posts the form.
 *
 * Speaks the worker protocol of Mephisto's `mephisto-task` 2.0.4 over plain HTTP. Who the worker is
 * comes from the globals of `wrap_crowd_source.js`, which the index page loads first:
 * getWorkerName, getAssignmentId, getAgentRegistration, handleSubmitToProvider and
 * window._MEPHISTO_CONFIG_.
 */
(function () {
  "use strict";

  const PROTOCOL_VERSION = "2.0.4";
  const SUBMIT_BUTTON_ID = "html-task-submit-button";
  const TEXTS = {
    loading: "Loading the task …",
    preview: "This is a preview. Accept the task to work on it.",
    noMobile: "Sorry, this task cannot be done on a mobile device. Please use a computer.",
    noAgent: "Sorry, you are not able to work on this task. (code: null_agent_id)",
    unreachable: "The task could not be loaded. Please check your connection and try again.",
    sending: "Sending your answer …",
    notSent: "Your answer could not be sent. It is still on this page: please submit it once more.",
    tooLarge: "Your answer is too large to be sent. Please choose smaller files and submit again.",
    stored: "Thank you, your answer is stored.",
  };

  const app = document.getElementById("app");
  const pageSettings = window._MEPHISTO_CONFIG_;
  const workerName = window.getWorkerName();
  const assignmentId = window.getAssignmentId();
  const isPreview = workerName === null || assignmentId === null;

  /* XMLHttpRequest and not fetch: it is what published pages use, so that whatever the provider's
   * script adds to requests (retries, the worker's notice) holds for this page as well. */
  function request(method, path, body, contentType) {
    return new Promise(function (resolve, reject) {
      const call = new XMLHttpRequest();
      call.open(method, withProviderParameters(path));
      if (contentType) call.setRequestHeader("Content-Type", contentType);
      call.onload = function () {
        if (call.status >= 200 && call.status < 300) resolve(call.responseText);
        else reject(Object.assign(new Error(method + " " + path), { status: call.status }));
      };
      call.onerror = function () {
        reject(Object.assign(new Error(method + " " + path), { status: 0 }));
      };
      call.send(body === undefined ? null : body);
    });
  }

  function withProviderParameters(path) {
    const source = window.getProviderURLParams;
    const values = typeof source === "function" ? source() : source;
    const query = new URLSearchParams(values || {}).toString();
    return query ? path + (path.includes("?") ? "&" : "?") + query : path;
  }

  async function getJson(path) {
    return JSON.parse(await request("GET", path));
  }

  async function postJson(path, value) {
    const body = JSON.stringify({ ...value, client_timestamp: Date.now() / 1000 });
    return JSON.parse(await request("POST", path, body, "application/json"));
  }

  function reportError(agentId, error) {
    console.error(error);
    const text = { error: String(error), stack: error && error.stack };
    postJson("/log_error", { USED_AGENT_ID: agentId, error_data: text }).catch(console.error);
  }

  function element(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  function note(text, isProblem) {
    const kind = isProblem ? "mephisto-note is-problem" : "mephisto-note";
    return element("p", { class: kind, role: isProblem ? "alert" : "status" }, text);
  }

  function show(...children) {
    app.replaceChildren(...children);
  }

  function showUnreachable(error) {
    console.error(error);
    const again = element("button", { type: "button" }, "Try again");
    again.addEventListener("click", () => location.reload());
    show(note(TEXTS.unreachable, true), again);
  }

  /* Every `${name}` that the item has becomes its value, as it is: it may be HTML on purpose. */
  function fillPlaceholders(html, values) {
    return html.replace(/\$\{([^{}]+)\}/g, function (whole, name) {
      if (!Object.hasOwn(values, name)) return whole;
      const value = values[name];
      if (value === null || value === undefined) return "";
      return typeof value === "object" ? JSON.stringify(value) : String(value);
    });
  }

  /* HTML that is set as text does not run its scripts: run the top-level ones, one after another. */
  async function runScripts(container, agentId) {
    for (const script of container.querySelectorAll(":scope > script")) {
      try {
        if (script.type === "module") document.head.append(copyOf(script));
        else if (script.src) await load(copyOf(script));
        else if (isJavaScript(script)) (0, eval)(script.textContent);
      } catch (error) {
        reportError(agentId, error);
      }
    }
  }

  function isJavaScript(script) {
    return script.type === "" || /^(text|application)\/(java|ecma)script$/i.test(script.type);
  }

  function copyOf(script) {
    const copy = document.createElement("script");
    for (const { name, value } of script.attributes) copy.setAttribute(name, value);
    copy.textContent = script.textContent;
    return copy;
  }

  function load(script) {
    return new Promise(function (resolve, reject) {
      script.onload = resolve;
      script.onerror = () => reject(new Error("cannot load " + script.src));
      document.head.append(script);
    });
  }

  function taskContent(html) {
    const content = element("div", { id: "mephisto-task-content" });
    content.innerHTML = html;
    return content;
  }

  function takeTitle(content) {
    const heading = content.querySelector("h1, h2");
    if (heading && heading.textContent.trim()) document.title = heading.textContent.trim();
  }

  function submitButton() {
    const button = element("button", { id: SUBMIT_BUTTON_ID, type: "submit" }, "Submit");
    const follow = () => (button.hidden = Boolean(pageSettings.get("HIDE_SUBMIT_BUTTON")));
    pageSettings.EVENT_EMITTER.on("HIDE_SUBMIT_BUTTON", follow);
    follow();
    return button;
  }

  async function showForm(html, agentId, onSubmit) {
    const content = taskContent(html);
    const button = submitButton();
    const message = element("p", { class: "mephisto-note", role: "status" });
    const form = element("form", { enctype: "multipart/form-data" }, content, message, button);
    form.addEventListener("submit", async function (event) {
      event.preventDefault();
      if (button.disabled) return;
      button.disabled = true;
      message.className = "mephisto-note";
      message.textContent = TEXTS.sending;
      try {
        await onSubmit(form);
      } catch (error) {
        reportError(agentId, error);
        message.className = "mephisto-note is-problem";
        message.textContent = error.status === 413 ? TEXTS.tooLarge : TEXTS.notSent;
        button.disabled = false;
      }
    });
    show(form);
    takeTitle(content);
    await runScripts(content, agentId);
  }

  /* Name -> value. A name that was sent several times (ticked boxes) has the list of its values. */
  function valuesOf(formData) {
    const values = {};
    for (const name of new Set(formData.keys())) {
      const all = formData.getAll(name).map((value) => (value instanceof File ? {} : value));
      values[name] = all.length === 1 ? all[0] : all;
    }
    return values;
  }

  /* Stored answers have always described the field `file1`, and none but that one. */
  function describeFile1(form) {
    const input = form.querySelector('input[type="file"][name="file1"]');
    if (!input) return {};
    const { lastModified, name, size, type } = input.files[0] || {
      lastModified: -1, name: "", size: -1, type: "",
    };
    return { lastModified, name, size, type };
  }

  function dropUnchosenFiles(formData) {
    for (const [name, value] of [...formData.entries()]) {
      if (value instanceof File && value.name === "" && value.size === 0) formData.delete(name);
    }
  }

  async function submitTask(form, agentId) {
    const formData = new FormData(form);
    const values = { ...valuesOf(formData), file1: describeFile1(form) };
    dropUnchosenFiles(formData);
    formData.append("USED_AGENT_ID", agentId);
    formData.append("final_string_data", JSON.stringify(values));
    await request("POST", "/submit_task", formData);
    showStored();
    try {
      window.handleSubmitToProvider(values);
    } catch (error) {
      reportError(agentId, error);
    }
  }

  /* The button that had the focus is gone with the form: the thanks take it, and are read out. */
  function showStored() {
    const thanks = note(TEXTS.stored);
    thanks.tabIndex = -1;
    show(thanks);
    thanks.focus();
  }

  async function submitOnboarding(form, agentId) {
    const onboardingData = valuesOf(new FormData(form));
    const packet = await postJson("/submit_onboarding", {
      provider_data: { USED_AGENT_ID: agentId, onboarding_data: onboardingData },
    });
    await showAgent(packet.data);
  }

  async function showAgent(details) {
    const agentId = details.agent_id;
    if (agentId === null) {
      show(note(details.failure_reason || TEXTS.noAgent));
    } else if (agentId.startsWith("onboarding")) {
      const html = await request("GET", "/onboarding.html");
      await showForm(html, agentId, (form) => submitOnboarding(form, agentId));
    } else {
      const item = details.init_task_data || {};
      const html = await request("GET", "/" + encodeURIComponent(item.html || "task.html"));
      const values = { ...item, mephisto_agent_id: agentId, provider_worker_id: workerName };
      const filled = fillPlaceholders(html, values);
      await showForm(filled, agentId, (form) => submitTask(form, agentId));
    }
  }

  async function showPreview() {
    const content = taskContent(await request("GET", "/preview.html"));
    show(note(TEXTS.preview), content);
    takeTitle(content);
    await runScripts(content, null);
  }

  function isMobile() {
    return /Android|iPhone|iPad|iPod|Mobile|Opera Mini/i.test(navigator.userAgent);
  }

  async function start() {
    show(note(TEXTS.loading));
    const taskConfig = await getJson("/task_config.json?mephisto_task_version=" + PROTOCOL_VERSION);
    if (isPreview) return showPreview();
    if (taskConfig.block_mobile && isMobile()) return show(note(TEXTS.noMobile));
    const packet = await postJson("/request_agent", { provider_data: window.getAgentRegistration() });
    return showAgent(packet.data);
  }

  start().catch(showUnreachable);
})();
