// Building elements. Everything from outside reaches the document as text (textContent, attributes), never as markup.

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
