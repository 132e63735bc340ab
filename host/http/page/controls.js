// Controls: the address, the filters, the pages. Last, because it starts the reading.

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
    view.goesToTask = selected !== null;
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
