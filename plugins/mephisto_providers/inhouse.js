// Tells a task page who its worker is: ?worker_id=NAME&id=ASSIGNMENT (&key=LINK_TOKEN)
// A page without a name asks for one; ?preview=1 shows the task without asking.

const inhouseQuery = new URLSearchParams(window.location.search);

function getWorkerName() {
  return inhouseQuery.get("worker_id");
}

function getAssignmentId() {
  return inhouseQuery.get("id");
}

function getAgentRegistration() {
  return {
    worker_name: getWorkerName(),
    agent_registration_id: getAssignmentId() + "-" + getWorkerName(),
    assignment_id: getAssignmentId(),
    provider_type: "inhouse",
    key: inhouseQuery.get("key"),
  };
}

// The next task starts at /welcome; the thanks are shown there, so that nobody has to click away
// a message between two tasks.
function handleSubmitToProvider(taskData) {
  inhouseStore("sessionStorage", "mephisto-inhouse-thanks", "1");
  window.location.replace("/welcome?" + inhouseQueryFor(getWorkerName()));
}

// A query with this worker and a fresh id; everything else in the address stays as it is.
function inhouseQueryFor(workerName) {
  const query = new URLSearchParams(window.location.search);
  query.delete("preview");
  query.set("worker_id", workerName);
  // Not randomUUID: a browser has it on https and localhost only.
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  query.set("id", Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(""));
  return query.toString();
}

// Browsers that keep nothing raise here; then the name is asked for again, and that is all.
function inhouseStore(storage, key, value) {
  try {
    window[storage].setItem(key, value);
  } catch (error) {
    console.warn("Nothing can be stored in this browser:", error);
  }
}

function inhouseTake(storage, key, keep) {
  try {
    const value = window[storage].getItem(key);
    if (!keep) window[storage].removeItem(key);
    return value;
  } catch (error) {
    return null;
  }
}

function inhouseElement(tag, attributes, text) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text) element.textContent = text;
  return element;
}

function inhouseAskForName() {
  const dialog = inhouseElement("dialog", { "aria-labelledby": "inhouse-title" });
  dialog.style.cssText =
    "max-width:26em;padding:1.5em;border:1px solid #888;border-radius:8px;font:1rem sans-serif";
  const form = inhouseElement("form", { method: "dialog" });
  const title = inhouseElement("h2", { id: "inhouse-title" }, "Who are you?");
  title.style.cssText = "margin:0 0 .5em;font-size:1.3em";
  const label = inhouseElement(
    "label",
    { for: "inhouse-name" },
    "Your name, or the code that you were given:",
  );
  const input = inhouseElement("input", {
    id: "inhouse-name",
    required: "",
    maxlength: "200",
    autocomplete: "username",
    autofocus: "",
  });
  input.style.cssText = "display:block;width:100%;box-sizing:border-box;margin:.5em 0 1em;padding:.5em";
  input.value = inhouseTake("localStorage", "mephisto-inhouse-name", true) || "";
  const start = inhouseElement("button", { type: "submit" }, "Start");
  const look = inhouseElement("button", { type: "button" }, "Only look at the task");
  for (const button of [start, look]) button.style.cssText = "padding:.5em 1em;margin-right:.5em";
  look.addEventListener("click", () => dialog.close());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const name = input.value.trim();
    input.setCustomValidity(name ? "" : "Please enter a name.");
    if (!form.reportValidity()) return;
    inhouseStore("localStorage", "mephisto-inhouse-name", name);
    window.location.search = inhouseQueryFor(name);
  });
  input.addEventListener("input", () => input.setCustomValidity(""));
  form.append(title, label, input, start, look);
  dialog.append(form);
  document.body.append(dialog);
  dialog.showModal();
}

function inhouseSayThanks() {
  const note = inhouseElement(
    "div",
    { role: "status" },
    "Thank you, your answer has been received. Here is what comes next.",
  );
  note.style.cssText =
    "position:fixed;z-index:2147483647;left:50%;bottom:1.5em;transform:translateX(-50%);" +
    "max-width:90%;padding:.75em 1.25em;border-radius:8px;background:#1b5e20;color:#fff;" +
    "font:1rem sans-serif";
  document.body.append(note);
  setTimeout(() => note.remove(), 6000);
}

(function startInhousePage() {
  if (inhouseQuery.get("preview") === "1") return;
  if (getWorkerName() && getAssignmentId() === null) {
    // A link without an id is somebody's own bookmark: it gets one, and starts.
    window.location.replace("?" + inhouseQueryFor(getWorkerName()));
    return;
  }
  document.addEventListener("DOMContentLoaded", () => {
    if (getWorkerName() === null) inhouseAskForName();
    if (inhouseTake("sessionStorage", "mephisto-inhouse-thanks", false)) inhouseSayThanks();
  });
})();
