/* The worker's page of a form task: registers, shows the form it is given, and posts the answers.
 *
 * Who the worker is comes from the globals of `wrap_crowd_source.js`, which the index page loads
 * first: getWorkerName, getAssignmentId, getAgentRegistration and handleSubmitToProvider. */

import { element, plainText } from "./dom.js";
import { Form } from "./form.js";
import { PROTOCOL_VERSION, getJson, postJson, reportError, request } from "./protocol.js";

const TEXTS = {
  loading: "Loading the task …",
  preview: "This is a preview. Accept the task to work on it.",
  noMobile: "Sorry, this task cannot be done on a mobile device. Please use a computer.",
  noAgent: "Sorry, you are not able to work on this task. (code: null_agent_id)",
  unreachable: "The task could not be loaded. Please check your connection and try again.",
  sending: "Sending your answers …",
  notSent: "Your answers could not be sent. They are still on this page: please submit once more.",
  tooLarge: "Your answers are too large to be sent. Please choose smaller files and submit again.",
  stored: "Thank you, your answers are stored.",
};

const app = document.getElementById("app");
const workerName = window.getWorkerName();
const isPreview = workerName === null || window.getAssignmentId() === null;

function note(text, isProblem) {
  const kind = isProblem ? "mephisto-note is-problem" : "mephisto-note";
  return element("p", { class: kind, role: isProblem ? "alert" : "status" }, text);
}

function showUnreachable(error) {
  console.error(error);
  const again = element("button", { type: "button" }, "Try again");
  again.addEventListener("click", () => location.reload());
  app.replaceChildren(note(TEXTS.unreachable, true), again);
}

/* The task's own functions; a file that does not load is reported, and the form works without. */
async function loadScripts(report) {
  const load = (name) =>
    import("../insertions/custom_" + name + ".js").catch((error) => {
      report(error);
      return {};
    });
  const [validators, triggers] = await Promise.all([load("validators"), load("triggers")]);
  return { validators, triggers };
}

async function showForm(spec, agentId, onSubmit) {
  const report = (error) => reportError(agentId, error);
  const form = new Form(spec, await loadScripts(report), report);
  form.element.addEventListener("submit", function (event) {
    event.preventDefault();
    if (!form.button.disabled && form.validate()) send(form, onSubmit, report);
  });
  show(spec, form.element);
}

function show(spec, ...nodes) {
  document.title = plainText(spec.title) || document.title;
  app.replaceChildren(...nodes);
}

async function send(form, onSubmit, report) {
  form.button.disabled = true;
  form.say(TEXTS.sending);
  try {
    await onSubmit(form);
  } catch (error) {
    report(error);
    form.say(error.status === 413 ? TEXTS.tooLarge : TEXTS.notSent, true);
    form.button.disabled = false;
    form.button.focus();
  }
}

async function submitTask(form, agentId) {
  const answers = JSON.stringify(form.values());
  const body = new FormData();
  for (const [name, file] of form.files()) body.append(name, file);
  body.append("final_string_data", answers);
  body.append("USED_AGENT_ID", agentId);
  body.append("client_timestamp", String(Date.now() / 1000));
  await request("POST", "/submit_task", body);
  showStored();
  try {
    window.handleSubmitToProvider(answers);
  } catch (error) {
    reportError(agentId, error);
  }
}

/* The button that had the focus is gone with the form: the thanks take it, and are read out. */
function showStored() {
  const thanks = note(TEXTS.stored);
  thanks.tabIndex = -1;
  app.replaceChildren(thanks);
  thanks.focus();
}

async function submitOnboarding(form, agentId) {
  const packet = await postJson("/submit_onboarding", {
    provider_data: { USED_AGENT_ID: agentId, onboarding_data: form.values() },
  });
  await showAgent(packet.data);
}

async function showAgent(details) {
  const agentId = details.agent_id;
  if (agentId === null) {
    app.replaceChildren(note(details.failure_reason || TEXTS.noAgent));
    return;
  }
  const submit = agentId.startsWith("onboarding") ? submitOnboarding : submitTask;
  await showForm(details.init_task_data.form, agentId, (form) => submit(form, agentId));
}

async function showPreview() {
  const { form: spec } = await getJson("/preview.json");
  // Everything can be read and nothing filled in; a folded section could not be opened.
  const open = { ...spec, show_instructions_as_modal: false };
  open.sections = spec.sections.map((section) => ({ ...section, collapsable: false }));
  const form = new Form(open, { validators: {}, triggers: {} }, console.error);
  const frame = element("fieldset", { disabled: true, class: "preview" }, form.element);
  show(spec, note(TEXTS.preview), frame);
}

function isMobile() {
  return /Android|iPhone|iPad|iPod|Mobile|Opera Mini/i.test(navigator.userAgent);
}

async function start() {
  app.replaceChildren(note(TEXTS.loading));
  const taskConfig = await getJson("/task_config.json?mephisto_task_version=" + PROTOCOL_VERSION);
  if (isPreview) return showPreview();
  if (taskConfig.block_mobile && isMobile()) return app.replaceChildren(note(TEXTS.noMobile));
  const packet = await postJson("/request_agent", { provider_data: window.getAgentRegistration() });
  return showAgent(packet.data);
}

start().catch(showUnreachable);
