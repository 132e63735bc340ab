// Words, colours and times, for states and outcomes.

const TONES = {
  complete: ["green", "✓"], resolved_manually: ["violet", "✓"], skipped: ["violet", "»"], active: ["green", "✓"], ok: ["green", "✓"],
  in_progress: ["blue", "●"], loading: ["blue", "●"], ready: ["grey", "○"], pending: ["grey", "○"], paused: ["amber", "‖"],
  waiting_for_retry: ["amber", "↻"], waiting_for_event: ["amber", "…"], wait: ["amber", "…"], retry: ["amber", "↻"],
  draining: ["amber", "↓"], finishing: ["amber", "↓"], stuck: ["red", "!"], lost: ["red", "?"], timed_out: ["red", "✕"], error: ["red", "✕"], fail: ["red", "✕"], failed: ["red", "✕"],
  refused: ["red", "✕"], quarantined: ["red", "✕"], unavailable: ["red", "?"], ignored: ["amber", "!"], cancelled: ["grey", "–"],
};
const toneOf = (state) => TONES[state] || ["grey", "·"];
const wordOf = (state) => String(state || "unknown").replaceAll("_", " ");
const stateOf = (thing) => thing.detail && typeof thing.detail === "string" ? thing.detail : thing.status;

// Broken, where there is little room, before what a development build adds.
const versionCell = (version) => h("td", { class: "version" }, String(version ?? "").split("+").flatMap((part, at) => (at ? [h("wbr"), "+" + part] : [part])));

function chip(state, look) {
  const [tone, glyph] = look ?? toneOf(state);
  return h("span", { class: `state tone-${tone}` }, h("span", { class: "glyph", "aria-hidden": "true" }, glyph), wordOf(state));
}

function span(ms) {
  if (!Number.isFinite(ms)) return "";
  if (ms < 1) return "<1 ms";
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59950) return `${(ms / 1000).toFixed(ms < 9995 ? 2 : 1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(ms / 60000);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function away(time) {
  const seconds = (Date.now() - time) / 1000;
  const amount = Math.abs(seconds);
  const text = amount < 60 ? `${Math.round(amount)} s` : amount < 3600 ? `${Math.round(amount / 60)} min`
    : amount < 86400 ? `${Math.round(amount / 3600)} h` : `${Math.round(amount / 86400)} d`;
  return seconds < -1 ? `in ${text}` : `${text} ago`;
}

function when(text) {
  const time = Date.parse(text);
  if (!text || Number.isNaN(time)) return "";
  return h("time", { datetime: text, title: new Date(time).toLocaleString(), "data-time": time }, away(time));
}

function between(from, to) {
  const begin = Date.parse(from);
  const end = to ? Date.parse(to) : Date.now();
  return Number.isNaN(begin) || Number.isNaN(end) ? "" : span(Math.max(0, end - begin));
}
