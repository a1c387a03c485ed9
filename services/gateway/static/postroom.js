// What HTML and htmx cannot do: the keyboard, times in the reader's zone, live updates, and care for what is being written.
"use strict";

const one = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const tell = (name) => document.body.dispatchEvent(new CustomEvent(name));

// --- Times -----------------------------------------------------------------------------------------------------------
const UNITS = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60]];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const inDays = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const brief = new Intl.DateTimeFormat(undefined,
  { weekday: "short", day: "numeric", month: "short", hour: "numeric", minute: "2-digit" });
const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

function ago(moment) {
  const seconds = (moment - Date.now()) / 1000;
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  }
  return "now";
}

function said(how, moment) {
  if ("absolute" in how) return absolute.format(moment);
  return "brief" in how ? brief.format(moment) : ago(moment);
}

function sayTimes() {
  for (const time of all("time")) {
    const moment = new Date(time.dateTime);
    time.title = absolute.format(moment);
    time.textContent = said(time.dataset, moment);
  }
  for (const due of all("[data-due]")) {
    const moment = new Date(due.dataset.due);
    const soon = due.classList.contains("warned") ? "soon late, due " : "due ";
    due.textContent = moment < Date.now() ? "overdue" : soon + ago(moment);
    due.classList.toggle("bad", moment < Date.now());
  }
  for (const due of all("[data-day]")) {
    const days = Math.round((new Date(`${due.dataset.day}T00:00`) - new Date().setHours(0, 0, 0, 0)) / 86400000);
    due.textContent = days < 0 ? "overdue" : days < 7 ? "due " + inDays.format(days, "day") : due.title;
    due.classList.toggle("bad", days < 0);
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

const boxes = () => all("#selection .row input[type=checkbox]");
const selected = () => boxes().filter((box) => box.checked);

function tick() {
  one("[data-ticks]", document.activeElement.closest(".row") ?? document.createElement("i"))?.click();
}

function countSelected() {
  const hint = one("[data-selected]");
  if (!hint) return;
  const number = selected().length, every = one("[data-selects-all]");
  if (every && number < boxes().length) every.checked = false;
  hint.hidden = !number || every?.checked;
  hint.textContent = `${number} selected`;
  one("[data-selects]").checked = number === boxes().length;
}

function select() {
  const box = one("input[type=checkbox]", document.activeElement.closest(".row") ?? document.createElement("i"));
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

// --- Templates of answers: the search keeps the focus, arrows choose, Enter inserts ----------------------------------
const offered = () => all("#template-list [data-text]");
const chosenTemplate = () => one("#template-list [aria-selected=true]");
let insertsWhenFound = false;

function openTemplates() {
  openTab("reply");
  const menu = one("#template-menu");
  if (!menu) return;
  menu.open = true;
  beginSearch();  // at once: what is typed next belongs there, and "toggle" comes later
}

function beginSearch() {
  const search = one("#template-search");
  if (document.activeElement === search) return;
  search.value = "";
  search.focus();
  findTemplates();
}

let finding = null;

async function findTemplates() {
  const search = one("#template-search"), q = search.value;
  const answer = await fetch(`/tickets/${one("#ticket").dataset.number}/templates?${new URLSearchParams({ q })}`,
    { headers: { "HX-Request": "true" } });
  const html = await answer.text();
  if (search.value !== q) return;  // what is typed now is looked for, too
  if (!isOurs(answer)) return sayNoAnswer();
  if (!answer.ok) return void (one("#notice").innerHTML = html);
  one("#template-list").outerHTML = html;
  markTemplate(chosenTemplate());
  if (insertsWhenFound) insertChosen();
}

function chooseTemplate(step) {
  const found = offered();
  if (found.length) markTemplate(found.at((found.indexOf(chosenTemplate()) + step) % found.length));
}

function markTemplate(next) {
  for (const option of offered()) option.setAttribute("aria-selected", String(option === next));
  one("#template-search").setAttribute("aria-activedescendant", next?.id ?? "");
  next?.scrollIntoView({ block: "nearest" });
}

// Who types quickly means what will be found, not what is still shown.
function insertChosen() {
  insertsWhenFound = one("#template-list").dataset.q !== one("#template-search").value;
  if (!insertsWhenFound && chosenTemplate()) insertTemplate(chosenTemplate());
}

function insertTemplate(option) {
  const field = one("#reply-text");
  one("#template-menu").open = false;
  field.setRangeText(option.dataset.text, field.selectionStart, field.selectionEnd, "end");
  field.focus();
  keepDraft(field);
}

const TEMPLATE_KEYS = { ArrowDown: () => chooseTemplate(1), ArrowUp: () => chooseTemplate(-1), Enter: insertChosen };

// --- Drafts ----------------------------------------------------------------------------------------------------------
// What is written is kept on the server, and until it has arrived there, here.
const unsavedKey = (field) => `unsaved ${document.body.dataset.me} ${location.pathname} ${field.id}`;
const kindOf = (field) => field.id.split("-")[0];
const token = () => JSON.parse(document.body.getAttribute("hx-headers:inherited"))["X-CSRF-Token"];
const timers = {};
let saving = Promise.resolve();

function keepDraft(field) {
  const { version } = one(`#draft-${kindOf(field)}`).dataset;
  localStorage.setItem(unsavedKey(field), JSON.stringify({ text: field.value, version }));
  clearTimeout(timers[field.id]);
  timers[field.id] = setTimeout(saveDraft, 700, field);
  sayDoing();
}

// One after the other, so that the last one counts.
function saveDraft(field) {
  clearTimeout(timers[field.id]);
  saving = saving.then(() => postDraft(field, field.value)).catch(() => {
    sayDraft(field, "Not saved: Postroom does not answer. Your words are kept on this device.");
    timers[field.id] = setTimeout(saveDraft, 5000, field);
  });
}

async function postDraft(field, text) {
  const shown = one(`#draft-${kindOf(field)}`);
  const answer = await fetch(`/tickets/${one("#ticket").dataset.number}/drafts/${kindOf(field)}`, {
    method: "POST",
    body: new URLSearchParams({ text, version: shown.dataset.version }),
    headers: { "X-CSRF-Token": token() },
    keepalive: text.length < 15000,  // it arrives though the page is left; browsers let 64 kB do so
  });
  if (answer.status === 409) return writtenElsewhere(field, (await answer.json()).draft);
  if (!answer.ok) throw new Error(answer.statusText);
  shown.dataset.version = (await answer.json()).version;
  if (field.value === text) localStorage.removeItem(unsavedKey(field));
  sayDraft(field, text.trim() ? "Draft saved." : "");
  one("[data-discards]", shown).hidden = !text.trim();
}

function saveDrafts() {
  for (const field of all("#composer textarea")) if (localStorage.getItem(unsavedKey(field))) saveDraft(field);
}

function sayDraft(field, words, ...buttons) {
  one(`#draft-${kindOf(field)} [data-said]`).replaceChildren(words, ...buttons);
}

function writtenElsewhere(field, draft) {
  const button = (words, act) => {
    const made = document.createElement("button");
    Object.assign(made, { type: "button", className: "plain", textContent: words, onclick: act });
    return made;
  };
  const go = (text) => {
    field.value = text;
    one(`#draft-${kindOf(field)}`).dataset.version = draft.version;
    saveDraft(field);
  };
  sayDraft(field, "You went on writing this elsewhere. ",
    button("Take that text", () => go(draft.text)), button("Keep this text", () => go(field.value)));
}

// What was discarded leaves its field, and what is brought back comes into it.
function restoreDrafts() {
  for (const shown of all("[data-restores]")) {
    const field = one(`#${shown.id.slice("draft-".length)}-text`);
    clearTimeout(timers[field.id]);
    field.value = shown.dataset.restores;
    localStorage.removeItem(unsavedKey(field));
    shown.removeAttribute("data-restores");
  }
}

function findDrafts() {
  for (const field of all("#composer textarea")) {
    const unsaved = JSON.parse(localStorage.getItem(unsavedKey(field)));
    if (!unsaved) continue;
    field.value = unsaved.text;
    one(`#draft-${kindOf(field)}`).dataset.version = unsaved.version;
    saveDraft(field);
  }
}

// --- Who is at a ticket ----------------------------------------------------------------------------------------------
function sayDoing() {
  const field = one("#visit [name=doing]");
  if (!field) return;
  const doing = one("#reply-text")?.value.trim() ? "answering" : "looking";
  if (field.value === doing) return;
  field.value = doing;
  tell("visit");
}

function stillThere() {
  if (one("#visit") && !document.hidden) tell("visit");
}

function leave() {
  const visit = one("#visit");
  saveDrafts();
  if (!visit) return;
  const gone = new URLSearchParams({ page_id: visit.elements.page_id.value, csrf_token: token() });
  navigator.sendBeacon(`/tickets/${one("#ticket").dataset.number}/visit/end`, gone);
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
  const version = ticket.dataset.version, letters = all(".entry.letter, .entry.reply").pop();
  const known = Number(one("#reply-form [name=seen_version]").value);
  const newer = letters && parseInt(letters.id.slice(1)) > known;
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
  if (one("#tickets, #tasks") && !waiting) {
    waiting = setTimeout(() => { waiting = null; if (!selected().length) tell("tickets-changed"); }, 400);
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
  source = new EventSource(`/api/v1/live?messages=true&visits=true&after=${position}`);
  source.addEventListener("ticket", ({ data, lastEventId }) => {
    position = Number(lastEventId) || position;
    heard(JSON.parse(data));
  });
  // What happened to tickets before this was open, it tells; all else must be asked for.
  source.onopen = () => {
    stillThere();
    tell("attention-changed");
    lettersChanged();
  };
  source.addEventListener("visit", ({ data }) => {
    if (one("#ticket")?.dataset.number === String(JSON.parse(data).number)) tell("visitors-changed");
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

document.addEventListener("visibilitychange", () => {
  listen();
  if (document.hidden) leave(); else stillThere();
});
addEventListener("pagehide", () => { leave(); stopListening(); });
addEventListener("pageshow", listen);

// --- Events ----------------------------------------------------------------------------------------------------------
const MENU = "details:is(.drop, .menu)[open]";
const writing = (target) => target.matches?.("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]");

const KEYS = {
  j: () => choose(1),
  k: () => choose(-1),
  r: () => openTab("reply"),
  n: () => openTab("note"),
  i: openTemplates,
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
  x: () => (one("#tasks") ? tick() : one("#picked") ? pick() : select()),
  f: () => openMenu("narrow-menu"),
  ...Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8, 9].map((digit) => [digit, () => all("[data-saved]")[digit - 1]?.click()])),
  a: () => decide("#release"),
  d: () => decide("#discard"),
  c: () => one("#customer")?.click(),
  z: () => one("[data-undo]")?.click(),
  u: () => one("[data-back]")?.click(),
  g: () => one("#next-ticket")?.click(),
  "/": () => one("#search")?.focus(),
  "?": () => one("#help")?.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.target.id === "template-search" && TEMPLATE_KEYS[event.key] && !event.isComposing) {
    event.preventDefault();
    TEMPLATE_KEYS[event.key]();
  } else if (event.key === "Enter" && "adds" in (event.target.dataset ?? {})) {
    event.preventDefault();
    add(event.target);
  } else if (event.key === "." && event.ctrlKey && event.target.id === "reply-text") {
    event.preventDefault();
    openTemplates();
  } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.form) {
    event.preventDefault();
    one("button.primary", event.target.form)?.click();
  } else if (event.key === "Enter" && !event.isComposing && event.target.matches?.("#acts input[maxlength]")) {
    event.preventDefault();
    one("#apply").click();
  } else if (event.key === "Escape" && event.target.closest?.(MENU)) {
    const menu = event.target.closest(MENU);
    menu.open = false;
    (one(`#${menu.dataset.returns}`) ?? one("summary", menu)).focus();
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
  for (const menu of all(MENU)) if (!menu.contains(target) || target.closest("a")) menu.open = false;
  const option = target.closest("#template-list [data-text]");
  if (option) insertTemplate(option);
  const button = target.closest("button");
  if (!button) return;
  if (button.dataset.opens) one(`#${button.dataset.opens}`).showModal();
  if ("closes" in button.dataset) button.parentElement.remove();
  if ("prints" in button.dataset) print();
  if ("closesNotice" in button.dataset) one("#notice").replaceChildren();
  if ("sendsAnyway" in button.dataset) {
    seen(button.dataset.sendsAnyway);
    one("#notice").replaceChildren();
    one("#reply-form").requestSubmit(sentBy ?? one("#reply-form button.primary"));
  }
  if ("seen" in button.dataset) {
    seen(button.dataset.seen);
    one("#notice").replaceChildren();
    one("#reply-text").focus();
  }
  if (button.id === "tab-reply") openTab("reply");
  if (button.id === "tab-note") openTab("note");
});

// htmx begins a moment after the page is there: whoever is quicker would only put the form into the address.
document.addEventListener("submit", (event) => {
  const { target, submitter } = event;
  if (!target.matches("[hx-post]:not([data-htmx-powered])")) return;
  event.preventDefault();
  document.addEventListener("htmx:after:process", () => target.requestSubmit(submitter), { once: true });
});

// What is sent by each change is sent already when Enter would send the form; the page would go to its address.
document.addEventListener("submit", (event) => {
  if (event.target.matches("[hx-trigger=change]")) event.preventDefault();
});

// The rows of a condition follow what is chosen in them, also what was chosen before htmx was there to hear of it.
document.addEventListener("htmx:after:process", () => {
  const chosen = all("#condition select").find((one) => !one.selectedOptions[0]?.defaultSelected);
  chosen?.dispatchEvent(new Event("change", { bubbles: true }));
}, { once: true });

// What was done is taken out of its form; other forms keep what is being written in them.
let submitted = null, sentBy = null;
const sent = {};  // by kind, the text that is on its way
document.addEventListener("submit", ({ target, submitter }) => {
  submitted = target;
  if (target.id === "reply-form") sentBy = submitter;
  const field = one("textarea", target);
  if (field && target.closest("#composer")) sent[kindOf(field)] = field.value;
});
document.addEventListener("ticket-done", ({ target }) => {
  if (submitted && "clears" in submitted.dataset) submitted.reset();
  submitted = null;
  one("#picked")?.reset();
  one("#merge-preview")?.replaceChildren();
  // Another menu, opened while this was on its way, stays.
  for (const menu of all("details.drop[open]")) if (menu.contains(target)) menu.open = false;
});

function mention(choice) {
  const field = one(`#${choice.dataset.mentions}`);
  field.setRangeText(`@${choice.value} `, field.selectionStart, field.selectionEnd, "end");
  choice.value = "";
  keepDraft(field);
  field.focus();
}

// What is chosen of the tags in use goes into the field beside it.
function add(input) {
  const field = document.getElementById(input.dataset.adds);
  const both = [field.value.trim(), input.value.trim()].filter(Boolean);
  field.value = both.join(field.matches("textarea") ? "\n" : ", ");
  input.value = "";
}

document.addEventListener("focusin", async ({ target }) => {
  const { list } = target;
  if (list?.id !== "tags" || list.childElementCount) return;
  const answer = await fetch("/tags");
  if (answer.ok) list.innerHTML = await answer.text();  // without suggestions, one can still write
});

// There may be thousands of organisations: those are suggested that go with what is written.
async function suggestOrganisations({ target }) {
  const { list, value } = target;
  if (list?.id !== "organisations") return;
  const answer = await fetch(`/organisations/names?q=${encodeURIComponent(value)}`);
  if (answer.ok && target.value === value) list.innerHTML = await answer.text();
}
document.addEventListener("focusin", suggestOrganisations);
document.addEventListener("input", suggestOrganisations);

document.addEventListener("change", ({ target }) => {
  if ("adds" in target.dataset && target.value.trim()) add(target);
  if (target.form && "clears" in target.form.dataset) submitted = target.form;
  if ("mentions" in target.dataset && target.value) mention(target);
  if ("submits" in target.dataset) target.form.requestSubmit();
  if ("selects" in target.dataset || "selectsAll" in target.dataset) {
    for (const box of boxes()) box.checked = target.checked;
  }
  if (target.closest("#selection")) countSelected();
});

document.addEventListener("input", ({ target }) => {
  if (target.matches("#composer textarea")) keepDraft(target);
  if (target.id === "travel-to") travel(target);
  if (target.id === "template-search") {
    clearTimeout(finding);
    finding = setTimeout(findTemplates, 150);
  }
});

// A moment that is chosen in the reader's zone, for a server that knows no zones.
document.addEventListener("change", ({ target }) => {
  if (!target.dataset.moment) return;
  target.form.elements[target.dataset.moment].value = target.value ? new Date(target.value).toISOString() : "";
});

// Meanwhile someone may have gone on writing, there or in the other form: only what was sent goes.
document.body.addEventListener("composer-sent", ({ detail }) => {
  const field = one(`#${detail.kind}-text`);
  if (field.value === sent[detail.kind]) {
    field.value = "";
    field.blur();
  }
  saveDraft(field);
  one("#notice .problem")?.remove();
  sayDoing();
  noticeNewer();
});

// The list shows what became of it; nothing stays selected.
document.body.addEventListener("selection-done", () => {
  one("#selection")?.reset();
  countSelected();
});

document.addEventListener("toggle", ({ target }) => {
  if (target.id === "template-menu" && target.open) beginSearch();
}, true);

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

// Answers overtake one another: the page never goes back to an earlier state of its ticket.
document.addEventListener("htmx:before:swap", ({ detail }) => {
  const shown = one("#ticket")?.dataset;
  const overtaken = ({ fragment }) => {
    const come = one("#ticket", fragment)?.dataset;
    return come && come.number === shown?.number && Number(come.version) < Number(shown.version);
  };
  detail.tasks.splice(0, Infinity, ...detail.tasks.filter((task) => !overtaken(task)));
});

// Our own problems say where they belong. What says nothing is of a proxy before us, and would take the page's place.
const isOurs = ({ status, headers }) => status < 400 || headers.has("HX-Retarget");

document.addEventListener("htmx:before:response", (event) => {
  const { ctx } = event.detail;
  if (isOurs(ctx.response)) return;
  event.preventDefault();
  missed(ctx.sourceElement);
});
document.addEventListener("htmx:error", ({ detail: { ctx } }) => {
  if (ctx && ctx.text === undefined) missed(ctx.sourceElement);
});

// What the page asks for by itself, it asks for again; of what somebody did, nothing stays that looks done.
function missed(source) {
  if (source.matches("[hx-trigger$='from:body'], [hx-trigger^='every']")) return;
  if (source.type === "checkbox") source.checked = source.defaultChecked;
  if (source.matches("form[hx-trigger=change]:has(select)")) source.reset();
  sayNoAnswer();
}

function sayNoAnswer() {
  one("#notice").innerHTML = '<p class="problem" role="alert">Postroom does not answer; this was probably not done. '
    + 'Try again. <button type="button" class="plain" data-closes aria-label="Close">×</button></p>';
}

document.addEventListener("htmx:after:swap", () => { sayTimes(); restoreDrafts(); noticeNewer(); countSelected(); findBack(); });

findDrafts();
addEventListener("load", sayDoing);
setInterval(stillThere, 15000);
for (const list of LISTS) if (location.pathname === list) sessionStorage.setItem(list, location.href);
findBack();
sayTimes();
setInterval(sayTimes, 30000);
