// The page's own functions, without a host. TASKER_PAGE_SCRIPT names its script.
import assert from "node:assert/strict";
import fs from "node:fs";
import test from "node:test";
import { open } from "./browser.mjs";

const script = fs.readFileSync(process.env.TASKER_PAGE_SCRIPT, "utf8");
const page = open(script, { fetch: () => new Promise(() => {}) });
const same = (value, expected) => assert.deepEqual(JSON.parse(JSON.stringify(value)), expected);
const step = (name, depends_on = [], detail = "complete") => ({ name, depends_on, detail, workflow_step_id: name, attempts: 1 });

test("numbers that a double cannot hold keep their digits where the engine tells them", () => {
  const text = '{"n": 12345678901234567890123, "x": [1.5, "a"], "none": null}';
  const shown = page.of("(text) => printJson(parseJson(text))")(text);
  assert.match(shown, /"x": \[1.5, "a"\]/);
  assert.match(shown, /"none": null/);
  const engineTells = JSON.parse("1", (key, value, context) => Boolean(context));
  if (engineTells) assert.match(shown, /12345678901234567890123/);
});

test("times are told in words that never read 60", () => {
  const span = page.of("span");
  const told = { 0.2: "<1 ms", 12: "12 ms", 999.7: "1.00 s", 1500: "1.50 s", 59999: "1 min 0 s", 119600: "2 min 0 s", 3599700: "1 h 0 min", 7199999: "2 h 0 min" };
  for (const [ms, text] of Object.entries(told)) assert.equal(span(Number(ms)), text);
  assert.equal(span(NaN), "");
});

test("parents are found by id, else by name, and never a step itself", () => {
  const steps = [{ name: "a", workflow_step_id: 1 }, { name: "b", workflow_step_id: 2, parents_ids: [1, 2] },
    { name: "c", workflow_step_id: 3, depends_on: ["a", "b", "c", "gone"] }];
  same(page.of("parentsOf")(steps), [[], [0], [0, 1]]);
});

test("a step stands behind all of its parents", () => {
  same(page.of("layersOf")([[], [0], [0], [1, 2], [0]]).map((layer) => [...layer].sort()), [[0], [1, 2, 4], [3]]);
});

test("a cycle ends the drawing in some order, not in an endless loop", () => {
  assert.equal(page.of("layersOf")([[1], [0], []]).flat().length, 3);
});

test("an edge over several layers has a lane in each between", () => {
  const { routes, widened } = page.of("routesOf")([[], [0], [1], [2, 0]]);
  same(routes.find((route) => route.from === 0 && route.to === 3).lanes, [4, 5]);
  same(widened, [[], [0], [1], [2, 5], [0], [4]]);
});

// Points along a path of M, C and H.
function pointsOf(path) {
  const points = [];
  let [x, y] = [0, 0];
  for (const [, kind, numbers] of path.matchAll(/([MCH])([^MCH]*)/g)) {
    const n = numbers.trim().split(/ /).map(Number);
    if (kind === "C") {
      for (let t = 0; t <= 1; t += 0.02) {
        const mix = (a, b, c, d) => a * (1 - t) ** 3 + 3 * b * t * (1 - t) ** 2 + 3 * c * t * t * (1 - t) + d * t ** 3;
        points.push([mix(x, n[0], n[2], n[4]), mix(y, n[1], n[3], n[5])]);
      }
      [x, y] = n.slice(4);
    } else if (kind === "H") {
      for (let at = x; at <= n[0]; at += 4) points.push([at, y]);
      [x] = n;
    } else {
      [x, y] = n;
    }
  }
  return points;
}

test("no edge passes behind a step", () => {
  const steps = [step("a"), step("b", ["a"]), step("c", ["b"]), step("d", ["c", "a"]), step("e", ["a"]), step("f", ["d", "b", "e"])];
  const block = page.of("graphBlock")(steps);
  const corners = block.all((each) => each.tag === "g" && each.attributes.class.startsWith("node"))
    .map((each) => each.attributes.transform.match(/[\d.]+/g).map(Number));
  const { width, height } = block.all((each) => each.tag === "rect")[0].attributes;
  const lines = block.all((each) => each.attributes.class === "line").map((each) => each.attributes.d);
  assert.equal(lines.length, 8);
  assert.equal(block.all((each) => each.attributes.class === "edge done").length, 8);
  for (const line of lines) {
    for (const [x, y] of pointsOf(line)) {
      for (const [left, top] of corners)
        assert.ok(x <= left + 1 || x >= left + width - 1 || y <= top || y >= top + height, `${line} at ${x} ${y}`);
    }
  }
});

test("a fan-out of a hundred wraps, and thousands are not drawn", () => {
  const wide = [step("start"), ...Array.from({ length: 100 }, (_, at) => step(`leg_${at}`, ["start"], "in_progress"))];
  const drawing = page.of("graphBlock")(wide).all((each) => each.tag === "svg")[0].attributes;
  assert.ok(drawing.height < 1000, String(drawing.height));
  assert.match(page.of("graphBlock")(Array.from({ length: 401 }, (_, at) => step(`s${at}`))).textContent, /too many to draw/);
  assert.equal(page.of("graphBlock")([]), null);
});

test("a graph of four layers fits beside the lists, and a chain of many is scrolled", () => {
  page.byId("detail").clientWidth = 650;
  const chain = (count) => Array.from({ length: count }, (_, at) => step(`step_number_${at}`, at ? [`step_number_${at - 1}`] : []));
  const wide = (count) => page.of("graphBlock")(chain(count)).all((each) => each.tag === "svg")[0].attributes.width;
  assert.ok(wide(4) <= 616, String(wide(4)));
  assert.ok(wide(12) > 1200, String(wide(12)));
  page.byId("detail").clientWidth = 404;
  assert.ok(wide(4) <= 370, String(wide(4)));
  page.byId("detail").clientWidth = 0;
});

test("on a narrow screen a chosen task is scrolled to, once", () => {
  const shown = page.byId("detail");
  let scrolled = 0;
  shown.scrollIntoView = () => { scrolled += 1; };
  shown.getBoundingClientRect = page.byId("tasks").getBoundingClientRect = () => ({ left: 0 });
  page.of("() => { view.goesToTask = true; goToTask(); }")();
  assert.equal(scrolled, 0, "there is nothing to see yet");
  page.of("() => { drawn.detail = '{}'; goToTask(); goToTask(); }")();
  assert.equal(scrolled, 1);
  page.of("() => { drawn.detail = ''; }")();
});

test("plugins say what is wrong with them, and old versions that nothing needs come last", () => {
  page.of("drawPlugins")({ plugins: [
    { namespace: "n", name: "old", version: "1.0.0", state: "unavailable", hosts: 0, open_tasks: 0, reason: "no living host has loaded it, and no open task needs it" },
    { namespace: "n", name: "wanted", version: "1.0.0", state: "unavailable", hosts: 0, open_tasks: 2, code: "plugin.not_loaded", reason: "2 open tasks wait" },
    { namespace: "n", name: "gone", version: "1.0.0", state: "unloaded", hosts: 0, open_tasks: 0, pinned: true, code: "handler.default_unavailable", reason: "it is the pinned default" },
    { state: "ignored", hosts: 0, code: "plugin.path_mismatch", reason: "the name has no version", file: "n/loose.so" }] });
  const text = page.byId("plugins").textContent;
  assert.match(text, /n\/wanted.*plugin\.not_loaded2 open tasks wait.*n\/gone.*pinned.*handler\.default_unavailable.*n\/loose\.so.*the name has no version.*n\/old/);
  assert.equal(page.byId("plugins-count").textContent, "4", "as many as there are rows");
  const tone = (word) => page.byId("plugins").all((each) => each.attributes.class?.startsWith("state") && each.textContent.includes(word)).map((each) => each.attributes.class);
  same(tone("unavailable"), ["state tone-red", "state tone-grey"]);
});

test("a step that nobody can run says why", () => {
  const waits = { ...step("a", [], "ready"), waiting_for: { code: "plugin.not_loaded", message: "no living host has loaded it" } };
  assert.match(page.of("stepsBlock")([waits]).textContent, /no living host has loaded it/);
});

test("what comes from outside is text, never markup", () => {
  page.of("drawPlugins")({ plugins: [{ namespace: "n", name: "<script>", version: "1.0.0", state: "refused", code: "plugin.not_elf", reason: "<b>" }] });
  assert.match(page.byId("plugins").textContent, /<script>.*plugin\.not_elf<b>/);
  assert.doesNotMatch(script, /innerHTML|insertAdjacentHTML|document\.write|outerHTML/);
});

test("the list asks with the filters and the cursor", () => {
  const filtered = open(script, { fetch: () => new Promise(() => {}) });
  filtered.byId("filters").elements.status.value = "error";
  filtered.byId("filters").elements.name.value = " a&b ";
  filtered.of("view").cursors.push(64);
  assert.equal(filtered.of("tasksPath()"), "/tasks?limit=50&status=error&name=a%26b&after=64");
});
