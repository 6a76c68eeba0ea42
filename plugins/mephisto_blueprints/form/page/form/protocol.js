/* The worker protocol of Mephisto's `mephisto-task` 2.0.4 over plain HTTP. */

export const PROTOCOL_VERSION = "2.0.4";

/* XMLHttpRequest and not fetch: it is what published pages use, so that whatever the provider's
 * script adds to requests (retries, the worker's notice) holds for this page as well. */
export function request(method, path, body, contentType) {
  return new Promise(function (resolve, reject) {
    const call = new XMLHttpRequest();
    const fail = () =>
      reject(Object.assign(new Error(method + " " + path), { status: call.status || 0 }));
    call.open(method, withProviderParameters(path));
    if (contentType) call.setRequestHeader("Content-Type", contentType);
    call.onload = () =>
      call.status >= 200 && call.status < 300 ? resolve(call.responseText) : fail();
    call.onerror = fail;
    call.send(body === undefined ? null : body);
  });
}

function withProviderParameters(path) {
  const source = window.getProviderURLParams;
  const values = typeof source === "function" ? source() : source;
  const query = new URLSearchParams(values || {}).toString();
  return query ? path + (path.includes("?") ? "&" : "?") + query : path;
}

export async function getJson(path) {
  return JSON.parse(await request("GET", path));
}

export async function postJson(path, value) {
  const body = JSON.stringify({ ...value, client_timestamp: Date.now() / 1000 });
  return JSON.parse(await request("POST", path, body, "application/json"));
}

export function reportError(agentId, error) {
  console.error(error);
  const text = { error: String(error), stack: error && error.stack };
  postJson("/log_error", { USED_AGENT_ID: agentId, error_data: text }).catch(console.error);
}
