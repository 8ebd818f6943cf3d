// The desk's hands: buttons, words, sentences and drags become edits. What was typed is never lost: it stays here until
// the desk has answered, also over a reload.
import { refreshed } from "./live.js";

const MINE = document.body.dataset.issue + (document.body.dataset.editor ? " of " + document.body.dataset.editor : "");
const KEPT = `unsaved:${newId()}:${MINE}`; // of this page alone; by field: what was typed, and stood before
const WAITING = "waiting:" + MINE; // clicks the desk has not answered, in order
const WAIT = 700; // ms after the last key
const LETS_GO = 1000; // ms that a page which is gone may take to let go of its words
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const done = document.getElementById("done");
const unsaved = document.getElementById("unsaved");
const csrf = document.body.dataset.csrf;

function newId() {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(16).padStart(8, "0")).join("");
}

const revision = () => document.querySelector("[data-revision]")?.dataset.revision ?? "";

// ---------------------------------------------------------------------------------------------- one change at a time

const read = (name) => JSON.parse(localStorage.getItem(name) ?? "null");
const write = (name, value) => localStorage.setItem(name, JSON.stringify(value));

let last = Promise.resolve();

/** Send *fields* to *path* after all that was sent before; "kept", "refused", "stale" or "away". */
function send(path, fields) {
  last = last.then(() => attempt(path, fields), () => attempt(path, fields));
  return last;
}

async function attempt(path, fields) {
  for (;;) {
    const body = new URLSearchParams({ ...fields, csrf, revision: revision() });
    let answer;
    try {
      answer = await fetch(path, { method: "POST", body });
    } catch {
      done.textContent = "";
      tell("The desk does not answer. What you did is kept here and goes to it when it does.");
      await pause(1500);
      continue;
    }
    const isClosed = answer.status === 403 && !answer.headers.get("Content-Type")?.includes("json");
    if (isClosed) {
      done.textContent = "";
      tell("The desk does not know this window any more. Open it again as you did first: what you did is kept, and is done there.");
      return "away";
    }
    const result = await answer.json().catch(() => ({ ok: false, said: "The desk has a fault. The terminal shows where." }));
    refreshed(); // not waited for: a frame that is loaded anew meanwhile never says that it has come
    if (result.ok) {
      document.querySelector("[data-revision]").dataset.revision = result.revision;
      tell("");
      done.textContent = result.said;
      return "kept";
    }
    done.textContent = "";
    tell(result.said);
    return result.stale ? "stale" : "refused";
  }
}

/** A click: it is remembered until the desk has answered, also over a reload. */
async function act(path, fields) {
  const mine = { path, fields, id: newId() };
  write(WAITING, [...(read(WAITING) ?? []), mine]);
  await settle(mine);
}

async function settle(mine) {
  const answer = await send(mine.path, mine.fields);
  if (answer === "away") return;
  write(WAITING, (read(WAITING) ?? []).filter((other) => other.id !== mine.id));
  if (answer === "stale") tell(unsaved.textContent + " You see it now as it is.", () => act(mine.path, mine.fields));
}

/** Say *words* above the desk until there is something else to say; *again* does what was refused. */
function tell(words, again = null) {
  unsaved.replaceChildren();
  if (!words) return;
  const line = Object.assign(document.createElement("p"), { textContent: words });
  if (again) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: "Do it all the same" });
    button.addEventListener("click", () => (tell(""), again()));
    line.append(" ", button);
  }
  unsaved.append(line);
}

// ---------------------------------------------------------------------------------------------- words

const timers = new Map();
const refusedAt = new Map(); // field -> the words of somebody else that were not written over
const stood = new Map(); // field -> what stood in it when it was last shown
const kept = () => read(KEPT) ?? {};
const keep = (id, value) => {
  const all = kept();
  if (value === null) delete all[id];
  else all[id] = value;
  leave(KEPT, all);
};
const leave = (name, words) => (Object.keys(words).length ? write(name, words) : localStorage.removeItem(name));
const isWords = (field) => !field.dataset.start; // a speaker's name is the article's until it is written over

function typed(field) {
  const before = kept()[field.id]?.base ?? stood.get(field.id) ?? field.defaultValue;
  keep(field.id, { value: field.value, base: before });
  clearTimeout(timers.get(field.id));
  timers.set(field.id, setTimeout(() => save(field.id), WAIT));
}

async function save(id, anyway = false) {
  clearTimeout(timers.get(id));
  timers.delete(id);
  const field = document.getElementById(id);
  const mine = kept()[id];
  if (!field || !mine || (refusedAt.has(id) && !anyway)) return;
  if (anyway) {
    mine.base = refusedAt.get(id);
    refusedAt.delete(id);
  }
  const { words, article = "", saw = "", start = "" } = field.dataset;
  const base = isWords(field) ? { base: mine.base } : {};
  const answer = await send("/api/edit", { kind: words, article, saw, start, value: mine.value, ...base });
  if (answer === "kept") {
    const now = kept()[id];
    stood.set(id, mine.value);
    if (now?.value === mine.value) keep(id, null);
    else if (now) keep(id, { value: now.value, base: mine.value });
  } else if (answer === "stale") {
    const page = await fetch(location.href, { cache: "no-store" }).then((fresh) => fresh.text());
    const fresh = new DOMParser().parseFromString(page, "text/html").getElementById(id);
    refusedAt.set(id, fresh?.defaultValue ?? "");
    const theirs = refusedAt.get(id) ? ` It now says: “${refusedAt.get(id)}”.` : " It is empty now.";
    tell(unsaved.textContent + theirs + " Yours is in the field still.", () => save(id, true));
  }
}

/** After an exchange: what was typed and is not kept yet stands there again; what others wrote comes in. */
function restore(page) {
  const waiting = kept();
  for (const field of document.querySelectorAll("[data-words]")) {
    const fresh = page?.getElementById(field.id) ?? field;
    if (field.id in waiting) {
      if (field.value !== waiting[field.id].value) field.value = waiting[field.id].value;
      continue;
    }
    stood.set(field.id, fresh.defaultValue);
    if (field.value !== fresh.defaultValue) field.value = fresh.defaultValue;
    field.placeholder = fresh.placeholder;
  }
}

/** What was typed in pages that are gone is this page's now; a page that is open holds the lock of its words. */
function adopt() {
  const isWordsOf = (name) => name.startsWith("unsaved:") && name.slice(KEPT.length - MINE.length) === MINE;
  for (const name of Object.keys(localStorage).filter((name) => isWordsOf(name) && name !== KEPT)) {
    const until = { signal: AbortSignal.timeout(LETS_GO) };
    if (!navigator.locks) take(name); // none by plain http: the desk still writes over nobody's words
    else navigator.locks.request(name, until, () => take(name)).catch((error) => {
      if (error.name !== "TimeoutError") throw error; // else it is open
    });
  }
}

/** The words kept as *name* become this page's, but those of a field that is being written in here: they wait there. */
function take(name) {
  const left = read(name) ?? {};
  for (const [id, words] of Object.entries(left)) {
    if (id in kept()) continue;
    keep(id, words);
    delete left[id];
    const field = document.getElementById(id);
    if (field) field.value = words.value;
    save(id);
  }
  leave(name, left);
}

// ---------------------------------------------------------------------------------------------- clicks and keys

function asked(button) {
  const around = button.closest("[data-article]");
  return { kind: button.dataset.edit, value: button.dataset.value, article: around?.dataset.article ?? "", saw: around?.dataset.saw ?? "" };
}

function source() {
  const { article, saw } = document.querySelector("#source-scroll [data-text]").dataset;
  return { article, saw };
}

function choose(sentence) {
  const { start, end } = sentence.dataset;
  sentence.setAttribute("aria-checked", String(sentence.getAttribute("aria-checked") !== "true"));
  sentence.focus({ preventScroll: true });
  act("/api/edit", { kind: "sentences", ...source(), start, end, value: "turn" });
}

function clicked(event) {
  const button = event.target.closest("[data-edit]");
  if (button) return void act("/api/edit", asked(button));
  if (event.target.id === "undo" || event.target.id === "redo") return void act("/api/" + event.target.id, {});
  if (event.target.id === "add-passage") return passage();
  const sentence = event.target.closest(".choice");
  if (sentence && getSelection().isCollapsed) choose(sentence);
}

function pressed(event) {
  const key = event.key;
  const typing = event.target.closest?.("input:not([type=checkbox]):not([type=range]), textarea");
  if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === "z" && !typing) {
    event.preventDefault();
    act(event.shiftKey ? "/api/redo" : "/api/undo", {});
  } else if ((key === " " || key === "Enter") && event.target.matches?.(".choice")) {
    event.preventDefault();
    choose(event.target);
  } else if (event.altKey && (key === "ArrowUp" || key === "ArrowDown") && !typing) {
    const story = event.target.closest?.(".stories > li");
    const button = story?.querySelector(key === "ArrowUp" ? '[id^="up-"]' : '[id^="down-"]');
    if (!button || button.disabled) return;
    event.preventDefault();
    const there = "at-" + button.dataset.value;
    act("/api/edit", asked(button));
    document.addEventListener("refreshed", () => document.getElementById(there)?.focus(), { once: true });
  }
}

// ---------------------------------------------------------------------------------------------- a passage

const touched = () => {
  const selection = getSelection();
  if (selection.isCollapsed) return [];
  return [...document.querySelectorAll(".choice")].filter((sentence) => selection.containsNode(sentence, true));
};

function selected() {
  const button = document.getElementById("add-passage");
  if (!button) return;
  const number = touched().length;
  button.hidden = !number;
  button.textContent = number === 1 ? "Print this sentence" : `Print these ${number} sentences`;
}

function passage() {
  const sentences = touched();
  if (!sentences.length) return;
  const start = sentences[0].dataset.start;
  const end = sentences[sentences.length - 1].dataset.end;
  getSelection().removeAllRanges();
  act("/api/edit", { kind: "sentences", ...source(), start, end, value: "add" });
}

// ---------------------------------------------------------------------------------------------- dragging

function grabbed(event) {
  const grip = event.target.closest(".grip");
  if (!grip) return;
  event.preventDefault();
  const story = grip.closest("li");
  const others = [...document.querySelectorAll("#stories .stories:not(.near) > li")];
  let place = 0;
  grip.setPointerCapture(event.pointerId);
  story.classList.add("dragged");
  const mark = (moved) => {
    for (const other of others) other.classList.remove("before", "after");
    const over = others.find((other) => moved.clientY < other.getBoundingClientRect().bottom) ?? others[others.length - 1];
    const box = over.getBoundingClientRect();
    const isBefore = moved.clientY < (box.top + box.bottom) / 2;
    const from = others.indexOf(story);
    const gap = others.indexOf(over) + (isBefore ? 0 : 1);
    place = gap > from ? gap : gap + 1;
    if (place !== from + 1) over.classList.add(isBefore ? "before" : "after");
    const panel = document.getElementById("stories");
    const edge = panel.getBoundingClientRect();
    if (moved.clientY < edge.top + 50) panel.scrollBy(0, -14);
    else if (moved.clientY > edge.bottom - 50) panel.scrollBy(0, 14);
  };
  const end = (ended) => {
    grip.removeEventListener("pointermove", mark);
    story.classList.remove("dragged");
    for (const other of others) other.classList.remove("before", "after");
    if (ended.type === "pointerup" && place && place !== others.indexOf(story) + 1)
      act("/api/edit", { kind: "move", article: grip.parentElement.dataset.article, value: String(place) });
  };
  grip.addEventListener("pointermove", mark);
  grip.addEventListener("pointerup", end, { once: true });
  grip.addEventListener("pointercancel", end, { once: true });
}

// ---------------------------------------------------------------------------------------------- begin

if (csrf) {
  document.addEventListener("click", clicked);
  document.addEventListener("keydown", pressed);
  document.addEventListener("pointerdown", grabbed);
  document.addEventListener("selectionchange", selected);
  document.addEventListener("input", (event) => event.target.matches("[data-words]") && typed(event.target));
  document.addEventListener("change", (event) => event.target.matches("[data-words]") && save(event.target.id));
  document.addEventListener("refreshed", (event) => restore(event.detail));
  restore(null);
  navigator.locks?.request(KEPT, () => new Promise(() => {})); // as long as this page is open
  adopt(); // typed before a reload, or at a desk that stopped
  for (const mine of read(WAITING) ?? []) settle(mine); // clicked before the desk stopped
}
