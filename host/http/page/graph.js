// The graph of a task's steps: layers by longest path, few crossings, wide layers wrapped. An edge over several layers
// gets a lane of its own in each, so that it passes between the steps and not behind them.

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
function levelsOf(parents) {
  const level = parents.map(() => 0);
  const waiting = parents.map((list) => list.length);
  const children = childrenOf(parents);
  const queue = waiting.flatMap((count, index) => (count === 0 ? [index] : []));
  for (let at = 0; at < queue.length; at += 1) {
    for (const child of children[queue[at]]) {
      level[child] = Math.max(level[child], level[queue[at]] + 1);
      waiting[child] -= 1;
      if (waiting[child] === 0) queue.push(child);
    }
  }
  return level;
}

function childrenOf(parents) {
  const children = parents.map(() => []);
  parents.forEach((list, index) => list.forEach((parent) => children[parent].push(index)));
  return children;
}

function layersOf(parents) {
  const layers = [];
  levelsOf(parents).forEach((depth, index) => { (layers[depth] ||= []).push(index); });
  return orderLayers(layers.filter(Boolean), parents, childrenOf(parents));
}

// The way of every edge, and the parents with the lanes as further nodes, behind the steps.
function routesOf(parents) {
  const levels = levelsOf(parents);
  const widened = parents.map(() => []);
  const routes = [];
  parents.forEach((list, to) => list.forEach((from) => {
    const lanes = [];
    let last = from;
    for (let level = levels[from] + 1; level < levels[to]; level += 1) {
      widened.push([last]);
      last = widened.length - 1;
      lanes.push(last);
    }
    widened[to].push(last);
    routes.push({ from, to, lanes });
  }));
  return { routes, widened };
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

// Wide layers wrap into a block of columns, so that a fan-out of a hundred stays on the screen. Nodes from `steps` on are
// lanes, which need no more room than a line.
function placeNodes(layers, size, steps) {
  const spots = [];
  let left = 10;
  const tall = (index) => (index < steps ? size.height : 4);
  const rowsOf = (layer) => (layer.length <= 12 || size.unwrapped ? layer.length : Math.max(12, Math.ceil(layer.length / 4)));
  const columnHeight = (column) => column.reduce((sum, index) => sum + tall(index) + size.gap, -size.gap);
  const columnsOf = (layer) => {
    const rows = rowsOf(layer);
    return Array.from({ length: Math.ceil(layer.length / rows) }, (_, at) => layer.slice(at * rows, (at + 1) * rows));
  };
  const height = Math.max(...layers.flatMap((layer) => columnsOf(layer).map(columnHeight)));
  for (const layer of layers) {
    const columns = columnsOf(layer);
    columns.forEach((column, at) => {
      let top = 10 + (height - columnHeight(column)) / 2;
      for (const index of column) {
        spots[index] = { x: left + at * (size.width + 10), y: top, middle: top + tall(index) / 2 };
        top += tall(index) + size.gap;
      }
    });
    left += columns.length * (size.width + 10) - 10 + size.between;
  }
  return { spots, width: left - size.between + 10, height: height + 20 };
}

// Less room between the layers before a graph is drawn smaller, that before its names are cut, and that before it must
// be scrolled.
function placeWithin(room, layers, wanted, steps) {
  const place = (size) => ({ ...placeNodes(layers, size, steps), size });
  let placed = place(wanted);
  if (placed.width <= room || layers.length < 2) return placed;
  placed = place({ ...wanted, between: Math.max(LEAST_BETWEEN, Math.floor(wanted.between - (placed.width - room) / (layers.length - 1))) });
  const excess = placed.width - room / LEAST_SCALE;
  const width = Math.floor(placed.size.width - excess / layers.length) - 1;
  return excess > 0 && width >= LEAST_NODE ? place({ ...placed.size, width }) : placed;
}

const clip = (text, length) => (text.length > length ? text.slice(0, length - 1) + "…" : text);

function graphBlock(steps) {
  if (steps.length === 0) return null;
  if (steps.length > MAX_GRAPH_STEPS) {
    return h("div", { class: "block" }, h("h3", {}, "Graph"),
      h("p", { class: "quiet" }, `${steps.length} steps are too many to draw. The table below lists them.`));
  }
  const parents = parentsOf(steps);
  const dense = steps.length > 40;
  const routed = routesOf(parents);
  const unwrapped = !dense && routed.widened.length <= MAX_GRAPH_NODES;
  const direct = () => routed.routes.map((route) => ({ ...route, lanes: [] }));
  const layers = layersOf(unwrapped ? routed.widened : parents);
  const longest = Math.min(26, Math.max(...steps.map((step) => String(step.name ?? "").length)));
  const wanted = { width: Math.max(dense ? 100 : 132, Math.round(20 + longest * 7.7)), height: dense ? 24 : 40, gap: dense ? 5 : 12, between: dense ? 70 : 44, unwrapped };
  const room = (byId("detail").clientWidth || Infinity) - 34;
  const { spots, width, height, size } = placeWithin(room, layers, wanted, steps.length);
  const scale = room < width && room > width * LEAST_SCALE ? room / width : 1;
  const edges = (unwrapped ? routed.routes : direct()).map((route) => edge(route, spots, size, steps[route.from], dense));
  const nodes = steps.map((step, index) => node(step, spots[index], size, dense));
  return h("div", { class: "block" }, h("h3", {}, "Graph"),
    h("div", { class: dense ? "graph dense" : "graph" },
      svg("svg", { width: Math.floor(width * scale), height: Math.ceil(height * scale), viewBox: `0 0 ${width} ${height}`, role: "img",
        "aria-label": `Graph of ${steps.length} steps in ${Math.max(...levelsOf(parents)) + 1} layers. The table below lists every step with its state.` }, edges, nodes)));
}

function edge(route, spots, size, parent, dense) {
  const end = spots[route.to];
  let x = spots[route.from].x + size.width;
  let y = spots[route.from].middle;
  let path = `M${x} ${y}`;
  const curveTo = (toX, toY) => {
    const bend = Math.max(18, (toX - x) / 2);
    path += `C${x + bend} ${y} ${toX - bend} ${toY} ${toX} ${toY}`;
    [x, y] = [toX, toY];
  };
  for (const lane of route.lanes) {
    curveTo(spots[lane].x, spots[lane].middle);
    x += size.width;
    path += `H${x}`;
  }
  curveTo(dense ? end.x : end.x - 5, end.middle);
  const done = ["complete", "skipped", "resolved_manually"].includes(stateOf(parent));
  return svg("g", { class: done ? "edge done" : "edge" }, svg("path", { class: "line", d: path }),
    dense ? null : svg("path", { class: "head", d: `M${end.x - 6} ${end.middle - 4}L${end.x} ${end.middle}L${end.x - 6} ${end.middle + 4}Z` }));
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
