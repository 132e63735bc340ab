// JSON that keeps its digits: numbers that a double cannot hold are shown as they were written.

class Digits { constructor(source) { this.source = source; } }

// Where the engine tells us a number's source text, numbers that a double cannot hold are kept as written.
function parseJson(text) {
  return JSON.parse(text, (key, value, context) =>
    typeof value === "number" && context && context.source && String(value) !== context.source &&
    /^-?[0-9]{16,}/.test(context.source) ? new Digits(context.source) : value);
}

function printJson(value, indent = "") {
  if (value instanceof Digits) return value.source;
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  const list = Array.isArray(value);
  const parts = list ? value.map((each) => printJson(each, indent + "  "))
    : Object.entries(value).map(([key, each]) => JSON.stringify(key) + ": " + printJson(each, indent + "  "));
  const [open, close] = list ? "[]" : "{}";
  if (parts.length === 0) return open + close;
  const short = open + parts.join(", ") + close;
  if (short.length + indent.length < 72 && !short.includes("\n")) return short;
  return open + "\n" + parts.map((part) => indent + "  " + part).join(",\n") + "\n" + indent + close;
}
