// As much of a browser as the embedded page touches: elements with text, attributes and children, no layout. The page's
// script runs in a context of its own; what it asks for and draws can be looked at from outside.
import vm from "node:vm";

export class Node {}

class Element extends Node {
  constructor(tag) {
    super();
    Object.assign(this, { tag, children: [], attributes: {}, listeners: {}, dataset: {}, style: {}, elements: {}, className: "" });
    Object.assign(this, { value: "", disabled: false, scrollTop: 0, scrollLeft: 0 });
  }
  get textContent() { return this.children.map((child) => (child instanceof Element ? child.textContent : child)).join(""); }
  set textContent(text) { this.children = [String(text)]; }
  append(...children) { this.children.push(...children); }
  replaceChildren(...children) { this.children = children; }
  contains() { return false; }
  setAttribute(name, value) {
    this.attributes[name] = value;
    if (name.startsWith("data-")) this.dataset[name.slice(5)] = value;
  }
  addEventListener(name, listener) { this.listeners[name] = listener; }
  querySelector() { return null; }
  focus() {}
  scrollIntoView() {}
  getBoundingClientRect() { return { left: 0 }; }
  all(test) { // every element below that passes
    const found = this.children.filter((child) => child instanceof Element).flatMap((child) => child.all(test));
    return test(this) ? [this, ...found] : found;
  }
}

// Runs `script` as the page mounted at `mount`, under the address `origin` + `hash`.
export function open(script, { mount = "/tasker", origin = "http://localhost", hash = "", fetch, setTimeout = () => 0 } = {}) {
  const named = new Map();
  const byId = (id) => {
    if (!named.has(id)) named.set(id, new Element(id));
    return named.get(id);
  };
  for (const name of ["status", "namespace", "name"]) byId("filters").elements[name] = new Element("input");
  const document = {
    title: "", hidden: false, activeElement: null, addEventListener() {}, getElementById: byId,
    querySelector: () => ({ content: mount }), querySelectorAll: () => [],
    createElement: (tag) => new Element(tag), createElementNS: (_, tag) => new Element(tag),
  };
  const context = vm.createContext({
    document, Node, fetch, setTimeout, clearTimeout() {}, URLSearchParams, AbortSignal, CSS: { escape: String },
    location: { hash, origin, host: origin.replace(/^.*:\/\//, "") }, window: { addEventListener() {} }, console,
  });
  vm.runInContext(script, context);
  // What a script declares by const and function is reached by evaluating its name.
  return { byId, document, of: (expression) => vm.runInContext(expression, context) };
}
