// The table of plugins.

const comment = (title, ...rest) => h("div", { class: "empty" }, h("strong", {}, title), ...rest);

const isHistory = (plugin) => ["unavailable", "unloaded"].includes(plugin.state) && !plugin.open_tasks && !plugin.pinned;

function drawPlugins(answer) {
  const plugins = Array.isArray(answer.plugins) ? answer.plugins : [];
  // An old version that nothing needs is history, not news.
  plugins.sort((a, b) => isHistory(a) - isHistory(b));
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
      h("td", { class: "wide" }, plugin.name ? [h("span", { class: "quiet" }, (plugin.namespace ?? "?") + "/"), h("wbr"), h("span", { class: "strong" }, plugin.name)]
        : h("span", { class: "strong" }, plugin.file ?? "?")),
      versionCell(plugin.version), h("td", {}, chip(plugin.state, isHistory(plugin) ? ["grey", "–"] : undefined), plugin.pinned && h("span", { class: "quiet" }, " pinned")),
      h("td", { class: "number" }, hosts ?? ""),
      h("td", { class: "quiet minor" }, when(plugin.since)));
    const refused = plugin.code || plugin.reason;
    return [row, refused && h("tr", { class: isHistory(plugin) ? "reason history" : "reason" },
      h("td", { colspan: 5 }, plugin.code && h("code", {}, plugin.code), plugin.reason ?? ""))];
  });
  show(byId("plugins"), table("Plugins with their versions and states", ["Plugin", "Version", "State", "#Hosts", "~Since"], rows));
}

const LOOK_OF_HEAD = { "#": "number", "~": "minor" }; // minor: not on a narrow screen

function table(caption, heads, rows, look) {
  return h("table", { class: look }, h("caption", { class: "hidden-text" }, caption),
    h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col", class: LOOK_OF_HEAD[head[0]] }, head.replace(/^[#~]/, ""))))),
    h("tbody", {}, rows));
}

function suggest(id, words) {
  const list = byId(id);
  const wanted = [...new Set(words.filter(Boolean))].sort();
  if (wanted.join("\n") === list.dataset.shown) return;
  list.dataset.shown = wanted.join("\n");
  list.replaceChildren(...wanted.map((word) => h("option", { value: word })));
}
