// The list of tasks, with its filters and pages.

const view = { cursors: [], next: null, selected: null, open: new Set(), shownTask: null, goesToTask: false };

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
    ? `${tasks.length} ${tasks.length === 1 ? "task" : "tasks"}, ${tasks[0].task_id} to ${tasks.at(-1).task_id}` : "";
  if (tasks.length === 0) {
    return show(byId("tasks"), isFiltered()
      ? comment("No task matches.", h("p", {}, "Widen the filter above, or go back to the newest."))
      : comment("No task yet.", h("p", {}, "Submit one for a workflow of a loaded plugin:"),
        h("pre", {}, `curl ${location.origin}${mount}/tasks \\\n  -H 'Content-Type: application/json' \\\n  -d '{"name": "order_process",\n       "context": {"order_id": 123}}'`)));
  }
  show(byId("tasks"), table("Tasks, newest first", ["Task", "Workflow", "Version", "State", "#Took", "~Created"],
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
    versionCell(task.version), h("td", {}, chip(state)),
    h("td", { class: "number quiet" }, ended ? between(task.created_at ?? task.requested_at, ended) : ""),
    h("td", { class: "quiet minor" }, when(task.created_at ?? task.requested_at)));
}
