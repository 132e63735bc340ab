// One task: its facts, its progress, its context.

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

// Once after it was chosen: below the lists, on a narrow screen, nobody would see it appear.
function goToTask() {
  if (!view.goesToTask || !drawn.detail) return;
  view.goesToTask = false;
  if (isOneColumn()) byId("detail").scrollIntoView();
}

const isOneColumn = () => byId("detail").getBoundingClientRect().left <= byId("tasks").getBoundingClientRect().left;

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
    steps.length > 0 && h("div", { class: "quiet" }, `${steps.length} ${steps.length === 1 ? "step" : "steps"}: ` + sorted.map(([state, count]) => `${count} ${wordOf(state)}`).join(", ")));
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
