// An article added by hand: read while it is typed, shown as it was understood, then kept. What was typed, and a file
// that was chosen, stay here until the desk has them, also over a reload.
import { refreshed } from "./live.js";

const KEPT = "adding:" + document.body.dataset.issue;
const LARGEST_KEPT = 2_000_000; // characters: browsers keep some five million
const WAIT = 450; // ms after the last key
const FIELDS = ["outlet", "link", "authors", "day", "own"];
const box = document.getElementById("adding");
const form = document.getElementById("adding-form");
const reading = document.getElementById("read-as");
const usual = reading.innerHTML;
const said = document.getElementById("adding-said");
const buttons = [document.getElementById("add-only"), document.getElementById("add-pinned")];
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

let mine = { text: "", file: null, fields: {} }; // fields: only those corrected by hand
let saw = "";

const keep = () => {
  const isEmpty = !mine.text && !mine.file && !Object.keys(mine.fields).length;
  try {
    if (isEmpty) localStorage.removeItem(KEPT);
    else localStorage.setItem(KEPT, JSON.stringify(mine.file?.data.length > LARGEST_KEPT ? { ...mine, file: null } : mine));
  } catch {
    tell("This browser has no room to keep so much: it is lost if you close the page before it is added.");
  }
};

function tell(words, isBad = false) {
  said.textContent = words;
  said.className = isBad ? "bad" : "";
}

// ---------------------------------------------------------------------------------------------- to the desk and back

const bytes = (data) => Uint8Array.from(atob(data), (character) => character.charCodeAt(0));

function body(more) {
  const sent = new FormData();
  sent.set("csrf", document.body.dataset.csrf);
  if (mine.file) sent.set("file", new Blob([bytes(mine.file.data)]), mine.file.name);
  else sent.set("text", mine.text);
  for (const [name, value] of Object.entries(more)) sent.set(name, value);
  return sent;
}

const corrected = () => Object.fromEntries(FIELDS.map((name) => [name, name === "own" ? (form.own.checked ? "yes" : "") : form[name].value]));

/** What the desk answers; it is asked again while it does not, unless *isOld* says that nobody waits for it any more. */
async function ask(path, more, isOld) {
  while (!isOld()) {
    let answer;
    try {
      answer = await fetch(path, { method: "POST", body: body(more) });
    } catch {
      tell("The desk does not answer. What you typed is kept here and goes to it when it does.", true);
      await pause(1500);
      continue;
    }
    if (answer.status === 403) return { ok: false, said: "The desk was started anew. Open the address in the terminal: what you typed is kept." };
    return await answer.json().catch(() => ({ ok: false, said: "The desk has a fault. The terminal shows where." }));
  }
  return null;
}

let newest = 0;
let timer = 0;
async function read() {
  clearTimeout(timer);
  const now = ++newest;
  ready(false);
  if (!mine.text.trim() && !mine.file) return void ((reading.innerHTML = usual), tell(""));
  tell("Reading …");
  const byHand = Object.keys(mine.fields).length > 0;
  const answer = await ask("/api/read", byHand ? { ...found, ...mine.fields } : {}, () => now !== newest);
  if (now !== newest || !answer) return;
  if (!answer.ok) return void ((reading.innerHTML = usual), tell(answer.said, true));
  if (!byHand) found = answer.fields;
  for (const name of FIELDS) if (!(name in mine.fields) && name !== "own") form[name].value = answer.fields[name];
  const top = reading.scrollTop;
  reading.innerHTML = answer.reading;
  reading.scrollTop = top;
  saw = answer.saw;
  tell("");
  ready(true);
}
let found = { outlet: "", link: "", authors: "", day: "" }; // what it says of itself

const ready = (isReady) => buttons.forEach((button) => (button.disabled = !isReady));

async function add(pin) {
  ready(false);
  tell("Adding …");
  const answer = await ask("/api/add", { ...corrected(), saw, pin }, () => false);
  if (!answer.ok) {
    tell(answer.said, true);
    ready(true);
    return;
  }
  clear();
  box.close();
  document.getElementById("done").textContent = answer.said;
  document.dispatchEvent(new CustomEvent("look", { detail: { at: answer.article, beside: "source" } }));
  refreshed();
}

// ---------------------------------------------------------------------------------------------- what is typed

function clear() {
  mine = { text: "", file: null, fields: {} };
  found = { outlet: "", link: "", authors: "", day: "" };
  form.reset();
  form.text.readOnly = false;
  keep();
  read();
}

function typed(event) {
  const { name } = event.target;
  if (name === "text") {
    if (!mine.text.trim()) mine.fields = {};
    mine.text = form.text.value;
  } else if (name === "own") mine.fields.own = form.own.checked ? "yes" : "";
  else if (FIELDS.includes(name)) mine.fields[name] = form[name].value;
  else return;
  keep();
  ready(false);
  clearTimeout(timer);
  timer = setTimeout(read, WAIT);
}

async function take(file) {
  if (!file) return;
  const most = Number(form.dataset.most);
  if (file.size > most) return tell(`${file.name} is larger than ${most / 1e6} MB: no article is. Paste its words instead.`, true);
  const data = await new Promise((done) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => done(reader.result.split(",")[1] ?? ""));
    reader.readAsDataURL(file);
  });
  mine = { text: "", file: { name: file.name, data }, fields: {} };
  stand();
  keep();
  read();
}

/** What was kept stands in the fields again. */
function stand() {
  form.text.value = mine.file ? `The file ${mine.file.name}` : mine.text;
  form.text.readOnly = Boolean(mine.file);
  for (const name of FIELDS) {
    if (name === "own") form.own.checked = mine.fields.own === "yes";
    else form[name].value = mine.fields[name] ?? "";
  }
}

function open() {
  if (box.open) return;
  box.showModal();
  form.text.focus();
  if (mine.text || mine.file) read();
}

// ---------------------------------------------------------------------------------------------- begin

mine = JSON.parse(localStorage.getItem(KEPT) ?? "null") ?? mine;
stand();
form.addEventListener("input", typed);
form.addEventListener("submit", (event) => event.preventDefault());
document.getElementById("adding-file").addEventListener("change", (event) => take(event.target.files[0]));
document.getElementById("clear-adding").addEventListener("click", () => (clear(), form.text.focus()));
document.getElementById("close-adding").addEventListener("click", () => box.close());
document.getElementById("add-article").addEventListener("click", open);
buttons[0].addEventListener("click", () => add(""));
buttons[1].addEventListener("click", () => add("yes"));
for (const place of [document.getElementById("week"), box]) {
  const isFile = (event) => event.dataTransfer?.types.includes("Files");
  place.addEventListener("dragover", (event) => isFile(event) && (event.preventDefault(), box.classList.add("over")));
  place.addEventListener("dragleave", () => box.classList.remove("over"));
  place.addEventListener("drop", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    box.classList.remove("over");
    open();
    take(event.dataTransfer.files[0]);
  });
}
