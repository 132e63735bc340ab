// The table of a task's steps, each with its attempts.

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
  const waits = step.waiting_for && (step.waiting_for.message || step.waiting_for.code);
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
  if (waits) return [row, h("tr", { class: "reason" }, h("td", { colspan: 5 }, clip(String(waits), 240)))];
  return failure && !finished ? [row, h("tr", { class: "reason" }, h("td", { colspan: 5 }, clip(String(failure), 160)))] : [row];
}

function stepMore(step, failure) {
  const history = Array.isArray(step.attempt_history) ? step.attempt_history : [];
  const waits = step.waiting_for;
  return [
    waits && [h("h3", {}, "Waits"), h("div", { class: "failure" }, waits.code && h("code", {}, waits.code, " "), waits.message)],
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
