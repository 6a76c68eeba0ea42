/* The worker's page of a chat: registers, takes part in the conversation, and hands in.
 *
 * Who the worker is comes from the globals of `wrap_crowd_source.js`, which the index page loads
 * first: getWorkerName, getAssignmentId, getAgentRegistration and handleSubmitToProvider. */

import { Chat } from "./chat.js";
import { element, html } from "./dom.js";
import { PROTOCOL_VERSION, getJson, postJson, reportError } from "./protocol.js";
import { TEXTS } from "./texts.js";

const app = document.getElementById("app");
const isPreview = window.getWorkerName() === null || window.getAssignmentId() === null;

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

function showPreview(taskConfig) {
  const source = taskConfig.preview_html || taskConfig.task_description;
  document.title = taskConfig.chat_title || document.title;
  app.replaceChildren(note(TEXTS.preview), html("div", {}, source) || "");
}

function makeChat(taskConfig) {
  const chat = new Chat(taskConfig, {
    onDone: () => submit(chat),
    onOnboarded: () => submitOnboarding(chat).catch(showUnreachable),
    onHandedIn: () => showHandedIn(chat),
  });
  return chat;
}

function showAgent(chat, details) {
  const agentId = details.agent_id;
  if (agentId === null) {
    chat.leave();
    app.replaceChildren(note(details.failure_reason || TEXTS.noAgent));
    return;
  }
  const data = details.init_task_data || {};
  chat.join(agentId, data.past_live_updates || []);
  if (!app.contains(chat.view.element)) app.replaceChildren(chat.view.element);
}

async function submitOnboarding(chat) {
  const packet = await postJson("/submit_onboarding", {
    provider_data: { USED_AGENT_ID: chat.agentId, onboarding_data: {} },
  });
  showAgent(chat, packet.data);
}

async function submit(chat) {
  const agentId = chat.agentId;
  try {
    chat.leave();
    await postJson("/submit_task", { USED_AGENT_ID: agentId, final_data: {} });
  } catch (error) {
    reportError(agentId, error);
    chat.view.showDone(TEXTS.notSent, true);
    return;
  }
  showThanks(TEXTS.stored);
  handOver(agentId);
}

/* The work was handed in without this page: by another one, or because waiting itself is paid. */
function showHandedIn(chat) {
  const agentId = chat.agentId;
  chat.leave();
  const button = element("button", { type: "button", id: "done-button" }, "Go on");
  button.addEventListener("click", () => handOver(agentId));
  showThanks(TEXTS.handedIn, button);
}

function handOver(agentId) {
  try {
    window.handleSubmitToProvider({});
  } catch (error) {
    reportError(agentId, error);
  }
}

/* What had the focus is gone: the thanks take it, and are read out. */
function showThanks(text, ...more) {
  const thanks = note(text);
  thanks.tabIndex = -1;
  app.replaceChildren(thanks, ...more);
  thanks.focus();
}

function isMobile() {
  return /Android|iPhone|iPad|iPod|Mobile|Opera Mini/i.test(navigator.userAgent);
}

async function start() {
  app.replaceChildren(note(TEXTS.loading));
  const taskConfig = await getJson("/task_config.json?mephisto_task_version=" + PROTOCOL_VERSION);
  if (isPreview) return showPreview(taskConfig);
  if (taskConfig.block_mobile && isMobile()) return app.replaceChildren(note(TEXTS.noMobile));
  const packet = await postJson("/request_agent", { provider_data: window.getAgentRegistration() });
  showAgent(makeChat(taskConfig), packet.data);
}

start().catch(showUnreachable);
