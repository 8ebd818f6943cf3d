// The desk's hands: buttons, words, sentences and drags become edits. What was typed is never lost: it stays here until
// the desk has answered, also over a reload.
import { refreshed } from "./live.js";

const KEPT = "unsaved:" + document.body.dataset.issue;
const WAIT = 700; // ms after the last key
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const done = document.getElementById("done");
const unsaved = document.getElementById("unsaved");
const csrf = document.body.dataset.csrf;

const revision = () => document.querySelector("[data-revision]")?.dataset.revision ?? "";

// ---------------------------------------------------------------------------------------------- one change at a time

let last = Promise.resolve();

/** Send *fields* to *path* after all that was sent before; true once it is kept. */
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
      tell("The desk does not answer. What you did is kept here and goes to it when it does.");
      await pause(1500);
      continue;
    }
    if (answer.status === 403) {
      tell("The desk was started anew. Open the address in the terminal: what you typed is kept here.");
      return false;
    }
    const result = await answer.json().catch(() => ({ ok: false, said: "The desk has a fault. The terminal shows where." }));
    if (result.ok) {
      document.querySelector("[data-revision]").dataset.revision = result.revision;
      tell("");
      done.textContent = result.said;
      refreshed(); // not waited for: a frame that is loaded anew meanwhile never says that it has come
      return true;
    }
    refreshed();
    tell(result.stale ? result.said + " You see it now as it is." : result.said, result.stale ? () => send(path, fields) : null);
    return false;
  }
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
const kept = () => JSON.parse(localStorage.getItem(KEPT) ?? "{}");
const keep = (id, value) => {
  const all = kept();
  if (value === null) delete all[id];
  else all[id] = value;
  localStorage.setItem(KEPT, JSON.stringify(all));
};

function typed(field) {
  keep(field.id, field.value);
  clearTimeout(timers.get(field.id));
  timers.set(field.id, setTimeout(() => save(field.id), WAIT));
}

async function save(id) {
  clearTimeout(timers.get(id));
  timers.delete(id);
  const field = document.getElementById(id);
  const value = kept()[id];
  if (!field || value === undefined) return;
  const { words, article = "", saw = "", start = "" } = field.dataset;
  if (await send("/api/edit", { kind: words, article, saw, start, value })) {
    if (kept()[id] === value) keep(id, null);
  }
}

/** After an exchange: what was typed and is not kept yet stands there again; what others wrote comes in. */
function restore(page) {
  const waiting = kept();
  for (const field of document.querySelectorAll("[data-words]")) {
    if (field.id in waiting) {
      if (field.value !== waiting[field.id]) field.value = waiting[field.id];
      continue;
    }
    const fresh = page?.getElementById(field.id);
    if (!fresh) continue;
    if (field !== document.activeElement) field.value = fresh.defaultValue ?? fresh.value;
    field.placeholder = fresh.placeholder;
  }
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
  send("/api/edit", { kind: "sentences", ...source(), start, end, value: "turn" });
}

function clicked(event) {
  const button = event.target.closest("[data-edit]");
  if (button) return void send("/api/edit", asked(button));
  if (event.target.id === "undo" || event.target.id === "redo") return void send("/api/" + event.target.id, {});
  if (event.target.id === "add-passage") return passage();
  const sentence = event.target.closest(".choice");
  if (sentence && getSelection().isCollapsed) choose(sentence);
}

function pressed(event) {
  const key = event.key;
  const typing = event.target.closest?.("input:not([type=checkbox]):not([type=range]), textarea");
  if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === "z" && !typing) {
    event.preventDefault();
    send(event.shiftKey ? "/api/redo" : "/api/undo", {});
  } else if ((key === " " || key === "Enter") && event.target.matches?.(".choice")) {
    event.preventDefault();
    choose(event.target);
  } else if (event.altKey && (key === "ArrowUp" || key === "ArrowDown") && !typing) {
    const story = event.target.closest?.(".stories > li");
    const button = story?.querySelector(key === "ArrowUp" ? '[id^="up-"]' : '[id^="down-"]');
    if (!button || button.disabled) return;
    event.preventDefault();
    const there = "at-" + button.dataset.value;
    send("/api/edit", asked(button));
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
  send("/api/edit", { kind: "sentences", ...source(), start, end, value: "add" });
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
      send("/api/edit", { kind: "move", article: grip.parentElement.dataset.article, value: String(place) });
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
  for (const id of Object.keys(kept())) save(id); // typed before a reload
}
