// Drives Chromium for the tests: one JSON command a line on stdin, one JSON answer a line on stdout.
//
// {"open": {…context options}} -> page number
// {"page": n, "method": m, "args": […]} -> result of page.m(…)
// {"page": n, "selector": s, "method": m, "args": […]} -> result of page.locator(s).m(…)
// {"page": n, "log": "requests" | "failures" | "errors" | "dialogs"} -> what the page did so far
// {"page": n, "failure": true} -> the page's first failed request, awaited
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const browser = await chromium.launch({
  executablePath: process.argv[2],
  args: [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});
const pages = [];

async function open(options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(15000);
  const log = { requests: [], failures: [], errors: [], dialogs: [] };
  page.on("request", (request) => {
    log.requests.push(`${request.method()} ${new URL(request.url()).pathname}`);
  });
  page.on("requestfailed", (request) => {
    log.failures.push(`${request.method()} ${new URL(request.url()).pathname}`);
  });
  page.on("pageerror", (error) => log.errors.push(String(error)));
  page.on("dialog", (dialog) => {
    log.dialogs.push(dialog.message());
    dialog.accept();
  });
  pages.push({ page, log });
  return pages.length - 1;
}

async function run(command) {
  if (command.open) return open(command.open);
  const { page, log } = pages[command.page];
  if (command.log) return log[command.log];
  if (command.failure && !log.failures.length) await page.waitForEvent("requestfailed");
  if (command.failure) return log.failures[0];
  const target = command.selector ? page.locator(command.selector) : page;
  const result = await target[command.method](...(command.args ?? []));
  const isPlain = result === null || typeof result !== "object" || Array.isArray(result);
  return isPlain ? result : null;
}

async function shown(number) {
  const entry = pages[number];
  if (!entry) return "";
  const text = await entry.page.evaluate(() => document.body?.innerText).catch(String);
  return `The page shows: ${text}\nIt said: ${JSON.stringify(entry.log)}`;
}

process.stdout.write(JSON.stringify({ result: browser.version() }) + "\n");
for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    answer = { result: (await run(JSON.parse(line))) ?? null };
  } catch (error) {
    answer = { error: `${error.message}\n${await shown(JSON.parse(line).page)}` };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
await browser.close();
