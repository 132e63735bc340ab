// The graph of a task's steps: layers by longest path, few crossings, wide layers wrapped.

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
