// Reading: asks the REST paths beside the page again and again, and redraws what has changed.

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
    goToTask();
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
