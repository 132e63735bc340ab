// The page as a host serves it, run for one round against that host: node headless.mjs ORIGIN TASK_ID
// Prints what it asked for, with the status of each answer, and what it then shows.
import { open } from "./browser.mjs";

const [origin, task] = process.argv.slice(2);
const requests = [];
const ask = async (path, options) => {
  const response = await fetch(new URL(path, origin), options);
  requests.push({ path, status: response.status });
  return response;
};

const html = await (await ask("/tasker")).text();
const mount = /name="tasker-mount" content="([^"]*)"/.exec(html)[1];
const linked = [...html.matchAll(/(?:href|src)="(\/[^"]*)"/g)].map((match) => match[1]);
const texts = new Map();
for (const path of linked) texts.set(path, await (await ask(path)).text());

// The page sets its timer when a round has ended.
const page = await new Promise((resolve) => {
  const opened = open(texts.get(linked.find((path) => path.endsWith(".js"))), {
    mount, origin, hash: `#/tasks/${task}`, fetch: ask, setTimeout: () => { setImmediate(() => resolve(opened)); return 0; },
  });
});
const shown = Object.fromEntries(["connection", "plugins", "tasks", "detail"].map((id) => [id, page.byId(id).textContent]));
console.log(JSON.stringify({ requests, shown }));
