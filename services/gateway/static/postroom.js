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
    time.textContent = "absolute" in time.dataset ? absolute.format(moment) : ago(moment);
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

// --- Letters that are selected ---------------------------------------------------------------------------------------
function pick() {
  const box = one(".pick", document.activeElement.closest(".entry") ?? document.createElement("i"));
  if (box) box.click();
}

// A menu opens with its first field ready.
function openMenu(id) {
  const menu = one(`#${id}`);
  if (!menu) return;
  menu.open = !menu.open;
  if (menu.open) one("input:not([type=hidden]), select, button", menu)?.focus();
}

const selected = () => all("#selection [name=message_id]:checked");

function countSelected() {
  const hint = one("[data-selected]");
  if (!hint) return;
  const number = selected().length;
  hint.hidden = !number;
  hint.textContent = `${number} selected`;
  one("[data-selects]").checked = number === all("#selection [name=message_id]").length;
}

function select() {
  const box = one("[name=message_id]", document.activeElement.closest(".row") ?? document.createElement("i"));
  if (box) { box.checked = !box.checked; countSelected(); }
}

// Where nothing is selected, the letter that has the focus is meant.
function decide(button) {
  if (!one(button)) return;
  if (one("#selection") && !selected().length) select();
  one(button).click();
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

// --- Time travel -----------------------------------------------------------------------------------------------------
let travelling = null;

// Where the slider rests, there the page goes: its address can be passed on.
function travel(slider) {
  const moment = one(`option[value="${slider.value}"]`, slider.list);
  one("#travel-said").textContent = moment.label;
  slider.setAttribute("aria-valuetext", moment.label);
  clearTimeout(travelling);
  travelling = setTimeout(() => {
    const address = new URL(location.pathname, location);
    if (moment.dataset.asOf) address.searchParams.set("as_of", moment.dataset.asOf);
    location.assign(address);
  }, 300);
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

// A list stays as it is while someone selects in it.
let lettersWait = null;
function lettersChanged() {
  lettersWait ??= setTimeout(() => {
    lettersWait = null;
    if (!selected().length) tell("letters-changed");
  }, 400);
}

function stopListening() {
  source?.close();
  source = null;
}

function listen() {
  if (document.body.dataset.position === undefined || document.hidden) return stopListening();
  if (source) return;
  source = new EventSource(`/api/v1/live?messages=true&after=${position}`);
  source.addEventListener("ticket", ({ data, lastEventId }) => {
    position = Number(lastEventId) || position;
    heard(JSON.parse(data));
  });
  source.addEventListener("messages", lettersChanged);
  source.addEventListener("attention", () => tell("attention-changed"));
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
const writing = (target) => target.matches?.("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]");

const KEYS = {
  j: () => choose(1),
  k: () => choose(-1),
  r: () => openTab("reply"),
  n: () => openTab("note"),
  e: () => one("#solve")?.click(),
  w: () => one("#pending")?.click(),
  o: () => one("#reopen")?.click(),
  h: () => openMenu("hold-menu"),
  m: () => openMenu("more-menu"),
  t: () => {
    const fold = one("#about-fold");
    if (fold) fold.open = true;
    one("#tag")?.focus();
  },
  x: () => (one("#picked") ? pick() : select()),
  a: () => decide("#release"),
  d: () => decide("#discard"),
  c: () => one("#customer")?.click(),
  u: () => one("[data-back]")?.click(),
  g: () => one("#next-ticket")?.click(),
  "/": () => one("#search")?.focus(),
  "?": () => one("#help")?.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.form) {
    event.preventDefault();
    event.target.form.requestSubmit(one("button.primary", event.target.form));
  } else if (event.key === "Escape" && event.target.closest?.("details.drop[open]")) {
    const menu = event.target.closest("details.drop");
    menu.open = false;
    one("summary", menu).focus();
  } else if (event.key === "Escape" && writing(event.target)) {
    event.preventDefault();  // it would empty a search, whose hits are to be walked through now
    event.target.blur();
  } else if (event.ctrlKey || event.metaKey || event.altKey || writing(event.target) || one("dialog[open]")) {
    return;
  } else if (KEYS[event.key]) {
    event.preventDefault();
    KEYS[event.key]();
  }
});

document.addEventListener("click", ({ target }) => {
  for (const menu of all("details.drop[open]")) if (!menu.contains(target)) menu.open = false;
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

// What was done is taken out of its form; other forms keep what is being written in them.
let submitted = null;
document.addEventListener("submit", ({ target }) => { submitted = target; });
document.body.addEventListener("ticket-done", () => {
  if (submitted && "clears" in submitted.dataset) submitted.reset();
  submitted = null;
  one("#picked")?.reset();
  one("#merge-preview")?.replaceChildren();
  for (const menu of all("details.drop[open]")) menu.open = false;
});

function mention(choice) {
  const field = one(`#${choice.dataset.mentions}`);
  field.setRangeText(`@${choice.value} `, field.selectionStart, field.selectionEnd, "end");
  choice.value = "";
  keepDraft(field);
  field.focus();
}

document.addEventListener("change", ({ target }) => {
  if (target.form && "clears" in target.form.dataset) submitted = target.form;
  if ("mentions" in target.dataset && target.value) mention(target);
  if ("submits" in target.dataset) target.form.requestSubmit();
  if ("selects" in target.dataset) for (const box of all("#selection [name=message_id]")) box.checked = target.checked;
  if (target.closest("#selection")) countSelected();
});

document.addEventListener("input", ({ target }) => {
  if (target.matches("#composer textarea")) keepDraft(target);
  if (target.id === "travel-to") travel(target);
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
  one("#notice .problem")?.remove();
});

// A frame is as high as what is in it; its page has no scripts of its own to say so.
document.addEventListener("load", ({ target }) => {
  if (target.tagName !== "IFRAME") return;
  const fit = () => { target.height = target.contentDocument.documentElement.scrollHeight + 4; };
  fit();
  new ResizeObserver(fit).observe(target.contentDocument.body);
}, true);

// "Back" leads to the list as it was left.
const LISTS = ["/tickets", "/letters", "/contacts"];
function findBack() {
  for (const list of LISTS) {
    const back = one(`[data-back][href="${list}"]`);
    if (back) back.href = sessionStorage.getItem(list) ?? list;
  }
}

document.addEventListener("htmx:after:swap", () => { sayTimes(); noticeNewer(); countSelected(); findBack(); });

for (const field of all("#composer textarea")) field.value = localStorage.getItem(draftKey(field)) ?? "";
for (const list of LISTS) if (location.pathname === list) sessionStorage.setItem(list, location.href);
findBack();
sayTimes();
setInterval(sayTimes, 30000);
