"use strict";
// The embedded page: reads the REST paths beside it and draws what they say. Everything from outside reaches the
// document as text (textContent, attributes), never as markup.

const mount = document.querySelector('meta[name="tasker-mount"]').content;
const byId = (id) => document.getElementById(id);
const POLL_MS = 1000;
const FETCH_MS = 8000;
const PAGE_SIZE = 50;
const MAX_GRAPH_STEPS = 400;
const MAX_STEP_ROWS = 500;

// ---------------------------------------------------------------- JSON that keeps its digits

class Digits { constructor(source) { this.source = source; } }

// Where the engine tells us a number's source text, numbers that a double cannot hold are kept as written.
function parseJson(text) {
  return JSON.parse(text, (key, value, context) =>
    typeof value === "number" && context && context.source && String(value) !== context.source &&
    /^-?[0-9]{16,}/.test(context.source) ? new Digits(context.source) : value);
}

function printJson(value, indent = "") {
  if (value instanceof Digits) return value.source;
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  const list = Array.isArray(value);
  const parts = list ? value.map((each) => printJson(each, indent + "  "))
    : Object.entries(value).map(([key, each]) => JSON.stringify(key) + ": " + printJson(each, indent + "  "));
  const [open, close] = list ? "[]" : "{}";
  if (parts.length === 0) return open + close;
  const short = open + parts.join(", ") + close;
  if (short.length + indent.length < 72 && !short.includes("\n")) return short;
  return open + "\n" + parts.map((part) => indent + "  " + part).join(",\n") + "\n" + indent + close;
}

// ---------------------------------------------------------------- building elements

function build(make, tag, attributes, children) {
  const element = make(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  for (const child of [children].flat(3)) {
    if (child === undefined || child === null || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
  return element;
}
const h = (tag, attributes, ...children) => build((t) => document.createElement(t), tag, attributes, children);
const svg = (tag, attributes, ...children) =>
  build((t) => document.createElementNS("http://www.w3.org/2000/svg", t), tag, attributes, children);

// Replaces what `box` shows, and gives the keyboard focus back to the control it was on.
function show(box, ...children) {
  const active = document.activeElement;
  const key = box.contains(active) ? active.dataset.key : undefined;
  const { scrollTop, scrollLeft } = box;
  box.replaceChildren(...children.flat(3).filter(Boolean));
  box.scrollTop = scrollTop;
  box.scrollLeft = scrollLeft;
  if (key) box.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

// ---------------------------------------------------------------- words, colours, times

const TONES = {
  complete: ["green", "✓"], resolved_manually: ["violet", "✓"], skipped: ["violet", "»"], active: ["green", "✓"], ok: ["green", "✓"],
  in_progress: ["blue", "●"], loading: ["blue", "●"], ready: ["grey", "○"], pending: ["grey", "○"], paused: ["amber", "‖"],
  waiting_for_retry: ["amber", "↻"], waiting_for_event: ["amber", "…"], wait: ["amber", "…"], retry: ["amber", "↻"],
  draining: ["amber", "↓"], lost: ["red", "?"], timed_out: ["red", "✕"], error: ["red", "✕"], fail: ["red", "✕"], failed: ["red", "✕"],
  refused: ["red", "✕"], quarantined: ["red", "✕"], cancelled: ["grey", "–"], unloaded: ["grey", "–"],
};
const toneOf = (state) => TONES[state] || ["grey", "·"];
const wordOf = (state) => String(state || "unknown").replaceAll("_", " ");
const stateOf = (thing) => thing.detail && typeof thing.detail === "string" ? thing.detail : thing.status;

function chip(state) {
  const [tone, glyph] = toneOf(state);
  return h("span", { class: `state tone-${tone}` }, h("span", { class: "glyph", "aria-hidden": "true" }, glyph), wordOf(state));
}

function span(ms) {
  if (!Number.isFinite(ms)) return "";
  if (ms < 1) return "<1 ms";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60000) return `${(ms / 1000).toFixed(ms < 10000 ? 2 : 1)} s`;
  if (ms < 3600000) return `${Math.floor(ms / 60000)} min ${Math.round(ms / 1000) % 60} s`;
  return `${Math.floor(ms / 3600000)} h ${Math.round(ms / 60000) % 60} min`;
}

function away(time) {
  const seconds = (Date.now() - time) / 1000;
  const amount = Math.abs(seconds);
  const text = amount < 60 ? `${Math.round(amount)} s` : amount < 3600 ? `${Math.round(amount / 60)} min`
    : amount < 86400 ? `${Math.round(amount / 3600)} h` : `${Math.round(amount / 86400)} d`;
  return seconds < -1 ? `in ${text}` : `${text} ago`;
}

function when(text) {
  const time = Date.parse(text);
  if (!text || Number.isNaN(time)) return "";
  return h("time", { datetime: text, title: new Date(time).toLocaleString(), "data-time": time }, away(time));
}

function between(from, to) {
  const begin = Date.parse(from);
  const end = to ? Date.parse(to) : Date.now();
  return Number.isNaN(begin) || Number.isNaN(end) ? "" : span(Math.max(0, end - begin));
}

// ---------------------------------------------------------------- plugins

const comment = (title, ...rest) => h("div", { class: "empty" }, h("strong", {}, title), ...rest);

function drawPlugins(answer) {
  const plugins = Array.isArray(answer.plugins) ? answer.plugins : [];
  byId("plugins-count").textContent = plugins.length ? String(plugins.length) : "";
  suggest("namespaces", plugins.map((plugin) => plugin.namespace));
  suggest("names", plugins.map((plugin) => plugin.name));
  if (plugins.length === 0) {
    return show(byId("plugins"), comment("No plugin is loaded yet.",
      h("p", {}, "Copy a plugin into a namespace folder below the plugins folder. It goes live within a second, no restart."),
      h("pre", {}, "cp order_process-1.0.0.so plugins/default/\n\n# none at hand? write one:\nsdk/scaffold payments/refund --steps validate,reverse_charge,notify")));
  }
  const rows = plugins.map((plugin) => {
    const hosts = Array.isArray(plugin.hosts) ? plugin.hosts.length : plugin.hosts;
    const row = h("tr", {},
      h("td", { class: "wide" }, h("span", { class: "quiet" }, (plugin.namespace ?? "?") + "/"), h("span", { class: "strong" }, plugin.name ?? plugin.file ?? "?")),
      h("td", {}, plugin.version ?? ""), h("td", {}, chip(plugin.state)),
      h("td", { class: "number" }, hosts ?? ""),
      h("td", { class: "quiet" }, when(plugin.since)));
    const refused = plugin.code || plugin.reason;
    return [row, refused && h("tr", { class: "reason" },
      h("td", { colspan: 5 }, plugin.code && h("code", {}, plugin.code), plugin.reason ?? ""))];
  });
  show(byId("plugins"), table("Plugins with their versions and states", ["Plugin", "Version", "State", "#Hosts", "Since"], rows));
}

function table(caption, heads, rows, look) {
  return h("table", { class: look }, h("caption", { class: "hidden-text" }, caption),
    h("thead", {}, h("tr", {}, heads.map((head) => head.startsWith("#")
      ? h("th", { scope: "col", class: "number" }, head.slice(1)) : h("th", { scope: "col" }, head)))),
    h("tbody", {}, rows));
}

function suggest(id, words) {
  const list = byId(id);
  const wanted = [...new Set(words.filter(Boolean))].sort();
  if (wanted.join("\n") === list.dataset.shown) return;
  list.dataset.shown = wanted.join("\n");
  list.replaceChildren(...wanted.map((word) => h("option", { value: word })));
}

// ---------------------------------------------------------------- tasks

const view = { cursors: [], next: null, selected: null, open: new Set(), shownTask: null };

function tasksPath() {
  const query = new URLSearchParams({ limit: String(PAGE_SIZE) });
  for (const name of ["status", "namespace", "name"]) {
    const value = byId("filters").elements[name].value.trim();
    if (value) query.set(name, value);
  }
  if (view.cursors.length) query.set("after", view.cursors.at(-1));
  return "/tasks?" + query;
}

const isFiltered = () => ["status", "namespace", "name"].some((name) => byId("filters").elements[name].value.trim());

function drawTasks(answer) {
  const tasks = Array.isArray(answer.tasks) ? answer.tasks : [];
  view.next = answer.next ?? null;
  byId("newest").disabled = byId("newer").disabled = view.cursors.length === 0;
  byId("older").disabled = view.next === null;
  byId("page-note").textContent = tasks.length
    ? `${tasks.length} tasks, ${tasks[0].task_id} to ${tasks.at(-1).task_id}` : "";
  if (tasks.length === 0) {
    return show(byId("tasks"), isFiltered()
      ? comment("No task matches.", h("p", {}, "Widen the filter above, or go back to the newest."))
      : comment("No task yet.", h("p", {}, "Submit one for a workflow of a loaded plugin:"),
        h("pre", {}, `curl ${location.origin}${mount}/tasks \\\n  -H 'Content-Type: application/json' \\\n  -d '{"name": "order_process",\n       "context": {"order_id": 1}}'`)));
  }
  show(byId("tasks"), table("Tasks, newest first", ["Task", "Workflow", "Version", "State", "#Took", "Created"],
    tasks.map(taskRow)));
  if (view.selected === null && !location.hash.startsWith("#/tasks/")) drawNothingSelected();
}

function taskRow(task) {
  const id = String(task.task_id);
  const ended = task.finished_at;
  const state = stateOf(task);
  return h("tr", { class: id === view.selected ? "selected" : null },
    h("td", {}, h("a", { href: `#/tasks/${id}`, "data-key": `task-${id}`, "aria-current": id === view.selected ? "true" : null }, id)),
    h("td", { class: "wide" }, h("span", { class: "quiet" }, (task.namespace ?? "") + "/"), h("wbr"), h("span", { class: "strong" }, task.name ?? "")),
    h("td", {}, task.version ?? ""), h("td", {}, chip(state)),
    h("td", { class: "number quiet" }, ended ? between(task.created_at ?? task.requested_at, ended) : ""),
    h("td", { class: "quiet" }, when(task.created_at ?? task.requested_at)));
}

// ---------------------------------------------------------------- one task

function drawNothingSelected() {
  view.shownTask = null;
  show(byId("detail"), comment("Select a task.",
    h("p", {}, "Its graph, its steps, and every attempt with its errors appear here and follow the work as it runs.")));
}

function drawTask(answer) {
  const task = answer.task || answer;
  const steps = Array.isArray(task.workflow_steps) ? task.workflow_steps : [];
  const counts = new Map();
  for (const step of steps) counts.set(stateOf(step), (counts.get(stateOf(step)) || 0) + 1);
  view.shownTask = String(task.task_id);
  document.title = `${task.name ?? "Task"} ${task.task_id} · Tasker`;
  const graph = byId("detail").querySelector(".graph");
  const position = graph ? [graph.scrollLeft, graph.scrollTop] : [0, 0];
  show(byId("detail"), taskHead(task, steps, counts), graphBlock(steps), stepsBlock(steps),
    jsonBlock("Context", task.context, "context"));
  const drawn = byId("detail").querySelector(".graph");
  if (drawn) [drawn.scrollLeft, drawn.scrollTop] = position;
}

function taskHead(task, steps, counts) {
  const facts = [
    ["Namespace", task.namespace], ["Version", task.version],
    ["Plugin", task.plugin_version && task.plugin_version !== task.version ? task.plugin_version : null],
    ["Created", when(task.requested_at ?? task.created_at)], ["Took", task.finished_at && between(task.requested_at ?? task.created_at, task.finished_at)],
    ["Priority", task.priority], ["By", known(task.initiator)], ["From", known(task.source_system)], ["Reason", known(task.reason)],
    ["Tags", Array.isArray(task.tags) && task.tags.length ? task.tags.join(", ") : null], ["Correlation", task.correlation_id],
  ].filter(([, value]) => value !== undefined && value !== null && value !== "");
  const bar = h("div", { class: "progress", "aria-hidden": "true" });
  const sorted = [...counts].sort((a, b) => rank(a[0]) - rank(b[0]));
  for (const [state, count] of sorted) {
    const part = h("span", { class: `tone-${toneOf(state)[0]}` });
    part.style.flexGrow = String(count);
    if (toneOf(state)[0] !== "grey") part.style.background = `var(--${toneOf(state)[0]})`;
    bar.append(part);
  }
  return h("div", { class: "task-head" },
    h("div", { class: "task-title" }, h("h2", {}, task.name ?? "Task", " ", h("span", { class: "quiet" }, task.task_id)), chip(stateOf(task))),
    h("dl", { class: "facts" }, facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
    steps.length > 0 && bar,
    steps.length > 0 && h("div", { class: "quiet" }, `${steps.length} steps: ` + sorted.map(([state, count]) => `${count} ${wordOf(state)}`).join(", ")));
}

const known = (text) => (text === "unknown" ? null : text);
const ORDER = ["complete", "resolved_manually", "skipped", "in_progress", "ready", "waiting_for_retry", "waiting_for_event", "error", "cancelled", "pending"];
const rank = (state) => (ORDER.indexOf(state) + ORDER.length) % ORDER.length;

function jsonBlock(title, value, key) {
  if (value === undefined || value === null) return null;
  const text = printJson(value);
  const open = text.length < 4000 ? !view.open.has(`closed-${key}`) : view.open.has(`open-${key}`);
  return h("div", { class: "block" }, h("details", {
    open, ontoggle: (event) => {
      const mark = text.length < 4000 ? `closed-${key}` : `open-${key}`;
      if (event.target.open === (text.length >= 4000)) view.open.add(mark); else view.open.delete(mark);
    },
  }, h("summary", { "data-key": `json-${key}` }, title), h("pre", {}, text)));
}

// ---------------------------------------------------------------- the graph

// Who a step waits for: by id, else by name.
function parentsOf(steps) {
  const byStepId = new Map(steps.map((step, index) => [String(step.workflow_step_id), index]));
  const byName = new Map(steps.map((step, index) => [step.name, index]));
  return steps.map((step, index) => {
    const ids = Array.isArray(step.parents_ids) ? step.parents_ids.map((id) => byStepId.get(String(id))) : [];
    const names = Array.isArray(step.depends_on) ? step.depends_on.map((name) => byName.get(name)) : [];
    return [...new Set([...ids, ...names])].filter((parent) => parent !== undefined && parent !== index);
  });
}

// Layers by longest path; a cycle, which the host would refuse, ends in the last layer instead of an endless loop.
function layersOf(parents) {
  const level = parents.map(() => 0);
  const waiting = parents.map((list) => list.length);
  const children = parents.map(() => []);
  parents.forEach((list, index) => list.forEach((parent) => children[parent].push(index)));
  const queue = waiting.flatMap((count, index) => (count === 0 ? [index] : []));
  for (let at = 0; at < queue.length; at += 1) {
    for (const child of children[queue[at]]) {
      level[child] = Math.max(level[child], level[queue[at]] + 1);
      waiting[child] -= 1;
      if (waiting[child] === 0) queue.push(child);
    }
  }
  const layers = [];
  level.forEach((depth, index) => { (layers[depth] ||= []).push(index); });
  return orderLayers(layers.filter(Boolean), parents, children);
}

// Two sweeps of the barycentre rule take most crossings away.
function orderLayers(layers, parents, children) {
  const place = [];
  const settle = (layer) => layer.forEach((index, at) => { place[index] = layer.length > 1 ? at / (layer.length - 1) : 0.5; });
  layers.forEach(settle);
  const middle = (list, own) => (list.length ? list.reduce((sum, each) => sum + place[each], 0) / list.length : own);
  const sweep = (layer, neighbours) => {
    const weight = new Map(layer.map((index) => [index, middle(neighbours[index], place[index])]));
    layer.sort((a, b) => weight.get(a) - weight.get(b) || a - b);
    settle(layer);
  };
  layers.slice(1).forEach((layer) => sweep(layer, parents));
  layers.slice(0, -1).reverse().forEach((layer) => sweep(layer, children));
  layers.slice(1).forEach((layer) => sweep(layer, parents));
  return layers;
}

// Wide layers wrap into a block of columns, so that a fan-out of a hundred stays on the screen.
function placeNodes(layers, size) {
  const spots = [];
  let left = 10;
  const rowsOf = (layer) => (layer.length <= 12 ? layer.length : Math.max(12, Math.ceil(layer.length / 4)));
  const height = Math.max(...layers.map((layer) => rowsOf(layer) * (size.height + size.gap) - size.gap));
  for (const layer of layers) {
    const rows = rowsOf(layer);
    const columns = Math.ceil(layer.length / rows);
    layer.forEach((index, at) => {
      const column = Math.floor(at / rows);
      const inColumn = Math.min(rows, layer.length - column * rows);
      const top = 10 + (height - (inColumn * (size.height + size.gap) - size.gap)) / 2;
      spots[index] = { x: left + column * (size.width + 10), y: top + (at % rows) * (size.height + size.gap) };
    });
    left += columns * (size.width + 10) - 10 + size.between;
  }
  return { spots, width: left - size.between + 10, height: height + 20 };
}

const clip = (text, length) => (text.length > length ? text.slice(0, length - 1) + "…" : text);

function graphBlock(steps) {
  if (steps.length === 0) return null;
  if (steps.length > MAX_GRAPH_STEPS) {
    return h("div", { class: "block" }, h("h3", {}, "Graph"),
      h("p", { class: "quiet" }, `${steps.length} steps are too many to draw. The table below lists them.`));
  }
  const parents = parentsOf(steps);
  const layers = layersOf(parents);
  const dense = steps.length > 40;
  const longest = Math.min(26, Math.max(...steps.map((step) => String(step.name ?? "").length)));
  const size = { width: Math.max(dense ? 100 : 132, Math.round(20 + longest * 7.7)), height: dense ? 24 : 40, gap: dense ? 5 : 12, between: dense ? 70 : 36 };
  const { spots, width, height } = placeNodes(layers, size);
  const edges = parents.flatMap((list, index) => list.map((parent) => edge(spots[parent], spots[index], size, steps[parent])));
  const nodes = steps.map((step, index) => node(step, spots[index], size, dense));
  return h("div", { class: "block" }, h("h3", {}, "Graph"),
    h("div", { class: dense ? "graph dense" : "graph" },
      svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img",
        "aria-label": `Graph of ${steps.length} steps in ${layers.length} layers. The table below lists every step with its state.` }, edges, nodes)));
}

function edge(from, to, size, parent) {
  const x1 = from.x + size.width;
  const y1 = from.y + size.height / 2;
  const y2 = to.y + size.height / 2;
  const bend = Math.max(18, (to.x - x1) / 2);
  const done = ["complete", "skipped", "resolved_manually"].includes(stateOf(parent));
  return svg("path", { class: done ? "edge done" : "edge", d: `M${x1} ${y1}C${x1 + bend} ${y1} ${to.x - bend} ${y2} ${to.x} ${y2}` });
}

function node(step, spot, size, dense) {
  const state = stateOf(step);
  const [tone, glyph] = toneOf(state);
  const name = String(step.name ?? "step");
  const attempts = step.attempts > 1 ? ` · ${step.attempts} attempts` : "";
  const letters = Math.floor((size.width - 16) / 7.4);
  return svg("g", { class: `node n-${tone}${view.open.has(keyOf(step)) ? " open" : ""}`, transform: `translate(${spot.x} ${spot.y})`,
    onclick: () => openStep(step) },
  svg("title", {}, `${name}: ${wordOf(state)}${attempts}`),
  svg("rect", { width: size.width, height: size.height, rx: 6 }),
  svg("text", { x: 9, y: dense ? 16 : 17 }, dense ? `${glyph} ${clip(name, letters - 2)}` : clip(name, letters)),
  dense ? null : svg("text", { x: 9, y: 32, class: "sub" }, clip(`${glyph} ${wordOf(state)}`, Math.floor((size.width - 12) / 6.2))));
}

// ---------------------------------------------------------------- the steps

const keyOf = (step) => `step-${step.workflow_step_id ?? step.name}`;

function openStep(step) {
  view.open.add(keyOf(step));
  redrawTask();
  byId("detail").querySelector(`[data-key="${CSS.escape(keyOf(step))}"]`)?.focus();
}

function stepsBlock(steps) {
  if (steps.length === 0) return null;
  const many = steps.length > MAX_STEP_ROWS;
  // Of very many, those that still need somebody's attention come first.
  const listed = many ? [...steps].sort((a, b) => urgency(a) - urgency(b)).slice(0, MAX_STEP_ROWS) : steps;
  return h("div", { class: "block flush" }, h("h3", {}, "Steps"),
    many && h("p", { class: "quiet" }, `${MAX_STEP_ROWS} of ${steps.length}, errors and running ones first.`),
    h("div", { class: "sideways" }, table("Steps", ["Step", "State", "#Attempts", "Waits for", "Next"], listed.map(stepRows), "step-table")));
}

const urgency = (step) => ["error", "waiting_for_retry", "in_progress"].indexOf(stateOf(step)) + 1 || 9;

function stepRows(step) {
  const key = keyOf(step);
  const open = view.open.has(key);
  const failure = step.last_error && (step.last_error.message || step.last_error.code);
  const finished = ["complete", "skipped", "resolved_manually"].includes(stateOf(step));
  const toggle = () => {
    if (open) view.open.delete(key); else view.open.add(key);
    redrawTask();
  };
  const row = h("tr", {},
    h("td", { class: "wide" }, h("button", { type: "button", class: "step-button", "data-key": key, "aria-expanded": String(open), onclick: toggle }, step.name ?? "step")),
    h("td", {}, chip(stateOf(step))),
    h("td", { class: "number" }, step.attempts ?? 0, step.retry_limit ? h("span", { class: "quiet" }, ` of ${step.retry_limit}`) : null),
    h("td", { class: "quiet" }, clip((step.depends_on || []).join(", "), 40)),
    h("td", { class: "quiet" }, finished ? "" : when(step.next_retry_at)));
  if (open) return [row, h("tr", { class: "more" }, h("td", { colspan: 5 }, stepMore(step, failure)))];
  return failure && !finished ? [row, h("tr", { class: "reason" }, h("td", { colspan: 5 }, clip(String(failure), 160)))] : [row];
}

function stepMore(step, failure) {
  const history = Array.isArray(step.attempt_history) ? step.attempt_history : [];
  return [
    failure && [h("h3", {}, "Last error"), h("div", { class: "failure" }, step.last_error.code && h("code", {}, step.last_error.code, " "), step.last_error.message)],
    h("h3", {}, "Attempts"),
    history.length === 0 ? h("div", { class: "quiet" }, "None yet.")
      : table("Attempts", ["#No.", "Outcome", "#Took", "Started", "Host", "Version", "Error"], history.map((attempt) => h("tr", {},
        h("td", { class: "number" }, attempt.attempt ?? ""), h("td", {}, chip(attempt.outcome)),
        h("td", { class: "number" }, attempt.duration_ms === undefined || attempt.duration_ms === null ? (attempt.finished_at ? between(attempt.started_at, attempt.finished_at) : "") : span(Number(attempt.duration_ms))),
        h("td", { class: "quiet" }, when(attempt.started_at)), h("td", {}, attempt.host_id ?? ""), h("td", {}, attempt.plugin_version ?? ""),
        h("td", { class: "wide" }, attempt.code && h("code", {}, attempt.code, " "), attempt.message && h("span", { class: "failure" }, attempt.message))))),
    step.results !== undefined && step.results !== null && [h("h3", {}, "Result"), h("pre", {}, clip(printJson(step.results), 20000))],
  ];
}

// ---------------------------------------------------------------- reading

// What was drawn last, by place: nothing is redrawn while the answer stays the same.
const drawn = { plugins: "", tasks: "", detail: "" };

async function read(path) {
  const response = await fetch(mount + path, { headers: { Accept: "application/json" }, cache: "no-store", signal: AbortSignal.timeout(FETCH_MS) });
  const text = await response.text();
  if (response.ok) return text;
  let problem = {};
  try { problem = JSON.parse(text); } catch { /* not ours: the status says enough */ }
  throw Object.assign(new Error(problem.detail || `The host answered ${response.status}.`), { answered: true, code: problem.code });
}

// True when the host answered at all.
async function refresh(place, path, draw) {
  let text;
  try {
    text = await read(path);
  } catch (error) {
    if (!error.answered) return false;
    const box = byId(place);
    if (drawn[place] !== error.message) show(box, comment(error.code === "not_found" ? "Not found." : "The host refused the request.", h("p", {}, error.message)));
    drawn[place] = error.message;
    return true;
  }
  if (drawn[place] !== text && (place !== "detail" || path === taskPath())) {
    draw(parseJson(text));
    drawn[place] = text;
  }
  return true;
}

const taskPath = () => (view.selected === null ? null : `/tasks/${encodeURIComponent(view.selected)}`);

function redrawTask() {
  if (view.selected !== null && drawn.detail.startsWith("{")) drawTask(parseJson(drawn.detail));
}

let round = 0;
let busy = false;
let again = false;
let timer = 0;

async function poll() {
  clearTimeout(timer);
  if (busy) { again = true; return; }
  busy = true;
  again = false;
  const asked = [refresh("tasks", tasksPath(), drawTasks)];
  if (round % 2 === 0) asked.push(refresh("plugins", "/plugins", drawPlugins));
  // A task of thousands of steps is a large answer: it is asked for less often.
  const every = drawn.detail.length > 500000 ? 5 : 1;
  if (taskPath() && round % every === 0) asked.push(refresh("detail", taskPath(), drawTask));
  round += 1;
  let reached = false;
  try {
    reached = (await Promise.all(asked)).every(Boolean);
  } finally {
    busy = false;
    report(reached);
    for (const element of document.querySelectorAll("[data-time]")) element.textContent = away(Number(element.dataset.time));
    if (!document.hidden) timer = setTimeout(poll, again ? 0 : POLL_MS);
  }
}

function report(reached) {
  const line = byId("connection");
  const text = reached ? `Live at ${location.host}` : "The host does not answer. Trying again every second; work in the database is safe.";
  if (line.textContent !== text) line.textContent = text;
  line.className = `connection ${reached ? "live" : "lost"}`;
}

// ---------------------------------------------------------------- controls

function select() {
  const match = /^#\/tasks\/([0-9]{1,16})$/.exec(location.hash);
  const selected = match ? match[1] : null;
  if (selected !== view.selected) {
    view.selected = selected;
    round = 0;
    view.open.clear();
    drawn.detail = "";
    drawn.tasks = "";
    document.title = "Tasker";
    if (selected === null) drawNothingSelected();
  }
  poll();
}

function page(change) {
  change();
  drawn.tasks = "";
  byId("tasks").scrollTop = 0;
  poll();
}

byId("newest").addEventListener("click", () => page(() => { view.cursors = []; }));
byId("newer").addEventListener("click", () => page(() => { view.cursors.pop(); }));
byId("older").addEventListener("click", () => page(() => { if (view.next !== null) view.cursors.push(view.next); view.next = null; }));
byId("filters").addEventListener("change", () => page(() => { view.cursors = []; }));
byId("filters").addEventListener("submit", (event) => { event.preventDefault(); page(() => { view.cursors = []; }); });
document.addEventListener("visibilitychange", () => { if (!document.hidden) poll(); });
window.addEventListener("hashchange", select);
drawNothingSelected();
select();
