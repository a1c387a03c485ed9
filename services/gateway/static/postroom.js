// What HTML and htmx cannot do: the keyboard, times in the reader's zone, live updates, and care for what is being written.
"use strict";

const one = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const tell = (name) => document.body.dispatchEvent(new CustomEvent(name));

// --- Times -----------------------------------------------------------------------------------------------------------
const UNITS = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60]];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

function ago(moment) {
  const seconds = (moment - Date.now()) / 1000;
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  }
  return "now";
}

function sayTimes() {
  for (const time of all("time")) {
    const moment = new Date(time.dateTime);
    time.title = absolute.format(moment);
    time.textContent = ago(moment);
  }
  for (const due of all("[data-due]")) {
    const moment = new Date(due.dataset.due);
    due.textContent = moment < Date.now() ? "overdue" : "due " + ago(moment);
    due.classList.toggle("bad", moment < Date.now());
  }
}

// --- The list that the keyboard walks through ------------------------------------------------------------------------
const rows = () => all("[data-list] [data-row]");
let chosen = -1;

function choose(step) {
  const found = rows();
  if (!found.length) return;
  const focused = found.findIndex((row) => row.contains(document.activeElement));
  chosen = Math.min(Math.max((focused >= 0 ? focused : chosen) + step, 0), found.length - 1);
  const row = found[chosen];
  const target = row.matches("a, [tabindex]") ? row : one("a", row);
  target.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

// --- The composer ----------------------------------------------------------------------------------------------------
function openTab(kind) {
  const composer = one("#composer");
  if (!composer) return;
  for (const name of ["reply", "note"]) {
    one(`#tab-${name}`).setAttribute("aria-selected", String(name === kind));
    one(`#${name}-form`).hidden = name !== kind;
  }
  one(`#${kind}-text`).focus();
}

const draftKey = (field) => `draft ${location.pathname} ${field.id}`;

function keepDraft(field) {
  if (field.value) localStorage.setItem(draftKey(field), field.value);
  else localStorage.removeItem(draftKey(field));
}

function seen(version) {
  const field = one("#reply-form [name=seen_version]");
  if (field) field.value = version;
  const warning = one("#reply-form .newer");
  if (warning) warning.hidden = true;
}

// Who has begun to write has not necessarily read what came since: then he is told, and says himself that he has.
function noticeNewer() {
  const ticket = one("#ticket"), text = one("#reply-text");
  if (!ticket || !text) return;
  const version = ticket.dataset.version, letters = all(".entry.letter").pop();
  const known = Number(one("#reply-form [name=seen_version]").value);
  const newer = letters && Number(letters.id.slice(1)) > known;
  if (!text.value.trim() || !newer) return seen(version);
  one("#reply-form .newer").hidden = false;
  one("#reply-form .newer button").dataset.seen = version;
}

// --- Live updates ----------------------------------------------------------------------------------------------------
// Only a tab that is seen holds a connection: over HTTP/1.1 a browser has six for all of them. What happened while it
// was not seen is told when it is seen again.
let source = null;
let position = Number(document.body.dataset.position);
let waiting = null;

function heard(event) {
  if (one("#ticket")?.dataset.number === String(event.number)) tell("ticket-changed");
  if (one("#tickets") && !waiting) {
    waiting = setTimeout(() => { waiting = null; tell("tickets-changed"); }, 400);
  }
}

function stopListening() {
  source?.close();
  source = null;
}

function listen() {
  if (document.body.dataset.position === undefined || document.hidden) return stopListening();
  if (source) return;
  source = new EventSource(`/api/v1/live?after=${position}`);
  source.addEventListener("ticket", ({ data, lastEventId }) => {
    position = Number(lastEventId) || position;
    heard(JSON.parse(data));
  });
  // A browser gives up for good when the answer is an error, as it is while the server restarts behind a proxy.
  source.onerror = () => {
    if (source?.readyState !== EventSource.CLOSED) return;
    source = null;
    setTimeout(listen, 3000);
  };
}

document.addEventListener("visibilitychange", listen);
addEventListener("pagehide", stopListening);
addEventListener("pageshow", listen);

// --- Events ----------------------------------------------------------------------------------------------------------
const writing = (target) => target.matches?.("input:not([type=radio]), textarea, select, [contenteditable]");

const KEYS = {
  j: () => choose(1),
  k: () => choose(-1),
  r: () => openTab("reply"),
  n: () => openTab("note"),
  e: () => one("#solve")?.click(),
  u: () => one("[data-back]")?.click(),
  "/": () => one("#search")?.focus(),
  "?": () => one("#help")?.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.form) {
    event.preventDefault();
    event.target.form.requestSubmit(one("button.primary", event.target.form));
  } else if (event.key === "Escape" && writing(event.target)) {
    event.target.blur();
  } else if (event.ctrlKey || event.metaKey || event.altKey || writing(event.target) || one("dialog[open]")) {
    return;
  } else if (KEYS[event.key]) {
    event.preventDefault();
    KEYS[event.key]();
  }
});

document.addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (!button) return;
  if (button.dataset.opens) one(`#${button.dataset.opens}`).showModal();
  if ("closes" in button.dataset) button.parentElement.remove();
  if ("prints" in button.dataset) print();
  if ("seen" in button.dataset) {
    seen(button.dataset.seen);
    one("#notice").replaceChildren();
    one("#reply-text").focus();
  }
  if (button.id === "tab-reply") openTab("reply");
  if (button.id === "tab-note") openTab("note");
});

document.addEventListener("input", ({ target }) => {
  if (target.matches("#composer textarea")) keepDraft(target);
});

// A moment that is chosen in the reader's zone, for a server that knows no zones.
document.addEventListener("change", ({ target }) => {
  if (!target.dataset.moment) return;
  target.form.elements[target.dataset.moment].value = target.value ? new Date(target.value).toISOString() : "";
});

document.body.addEventListener("composer-sent", () => {
  for (const field of all("#composer form:not([hidden]) textarea")) {
    field.value = "";
    keepDraft(field);
    field.blur();
  }
  one("#notice").replaceChildren();
});

// A frame is as high as what is in it; its page has no scripts of its own to say so.
document.addEventListener("load", ({ target }) => {
  if (target.tagName !== "IFRAME") return;
  const fit = () => { target.height = target.contentDocument.documentElement.scrollHeight + 4; };
  fit();
  new ResizeObserver(fit).observe(target.contentDocument.body);
}, true);

document.addEventListener("htmx:after:swap", () => { sayTimes(); noticeNewer(); });

for (const field of all("#composer textarea")) field.value = localStorage.getItem(draftKey(field)) ?? "";
if (location.pathname === "/tickets") sessionStorage.setItem("list", location.href);
else if (one("[data-back]")) one("[data-back]").href = sessionStorage.getItem("list") ?? "/tickets";
sayTimes();
setInterval(sayTimes, 30000);
