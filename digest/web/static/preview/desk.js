// The desk in the browser: what is looked at, the keys, the panels. Everything but the ruler, the keys and the search
// works without it: buttons send the form, links lead to the same page.
import { clickedText, fit, loadFrame, measureRoom, pointAt, rule } from "./frame.js";
import { follow, order, refresh } from "./live.js";

const form = document.getElementById("view");
const narrow = matchMedia("(max-width: 859px)");
const wide = matchMedia("(min-width: 1400px)"); // the desk's week has a column of its own
const isDesk = document.body.dataset.name === "desk";
const USUAL = { panel: "stories", view: "mail", width: "600", look: "light", pictures: "off", variant: "", reader: "", at: "", beside: "mail", show: "all", find: "" };

const state = form ? Object.fromEntries(new FormData(form)) : {};

/** The address of the page with what is looked at now. */
function address() {
  const kept = new URLSearchParams(Object.entries(state).filter(([name, value]) => value !== USUAL[name]));
  return kept.size ? "/?" + kept : "/";
}

/** Everything that only says what is looked at, brought up to date. */
function show() {
  for (const button of document.querySelectorAll(".segment button")) {
    button.setAttribute("aria-pressed", String(state[button.name] === button.value));
    // Only the mail has colors and pictures to switch.
    if (button.name === "look" || button.name === "pictures") button.disabled = state.view !== "mail";
  }
  const isTab = narrow.matches || !["mail", "source", ...(isDesk && wide.matches ? ["week"] : [])].includes(state.panel);
  const current = { panel: isTab ? state.panel : "stories", beside: state.beside };
  for (const tab of document.querySelectorAll(".tabs button")) {
    const isCurrent = tab.value === current[tab.name];
    if (isCurrent && narrow.matches) tab.scrollIntoView({ block: "nearest", inline: "nearest" });
    if (isCurrent) tab.setAttribute("aria-current", "true");
    else tab.removeAttribute("aria-current");
  }
  for (const field of form.querySelectorAll("input")) field.value = state[field.name];
  document.body.dataset.panel = state.panel;
  document.body.dataset.beside = state.beside;
  const name = (kind) => document.querySelector(`.segment-${kind} [aria-pressed="true"]`)?.textContent;
  document.getElementById("show-bar").textContent = `${name("view")}, ${name("width")}, ${name("look")}, pictures ${name("pictures")}`;
  history.replaceState(null, "", address());
  fit(state.width);
}

/** Look at something else: *changes* to the state, and what they bring about. */
async function go(changes) {
  const before = { ...state };
  Object.assign(state, changes);
  if ("reader" in changes) state.variant = "";
  const differs = (...names) => names.some((name) => before[name] !== state[name]);
  show();
  const frame = differs("view", "look", "pictures", "variant", "reader") ? loadFrame(state) : null;
  if (differs("show", "find")) document.dispatchEvent(new CustomEvent("sought", { detail: { find: state.find, show: state.show } }));
  if (differs("at", "reader", "variant")) await refresh(address());
  await frame;
  if ("at" in changes) point();
}

/** Scroll source and mail to what is pointed at. */
function point() {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const behavior = still ? "auto" : "smooth";
  document.querySelector("#source mark.here")?.scrollIntoView({ block: "center", behavior });
  const link = document.getElementById("at-" + state.at);
  link?.scrollIntoView({ block: "nearest", behavior });
  pointAt(link ? link.textContent : "", behavior);
}

function submitted(event) {
  const button = event.submitter;
  if (!button?.name) return;
  event.preventDefault();
  const changes = { [button.name]: button.value };
  if (button.dataset.panel && !(isDesk && wide.matches)) changes.panel = button.dataset.panel;
  if (button.id === "close-source") Object.assign(changes, closed());
  go(changes);
}

/** What closing the source changes; the keyboard goes back to where it was opened. */
function closed() {
  const at = state.at;
  const from = document.getElementById("at-" + at) ?? document.getElementById("read-" + at);
  queueMicrotask(() => from?.focus());
  return { at: "", beside: "mail", panel: state.panel === "source" ? (from?.closest("#week") ? "week" : "stories") : state.panel };
}

/** Show *panel*, the source or the mail: where there is room for one only in its place, else beside what is open. */
const seen = (panel) => ({ beside: panel, panel: narrow.matches ? panel : state.panel });

function clicked(event) {
  const link = event.target.closest("a[data-at]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const isCut = link.dataset.at.includes(".") || link.dataset.panel === "source";
  go({ at: link.dataset.at, ...seen(isCut ? "source" : "mail") });
}

/** A sentence clicked in the mail is shown in its source. */
function traced(event) {
  const cuts = [...document.querySelectorAll(".cuts a")];
  const cut = cuts[clickedText(event, cuts.map((link) => link.textContent))];
  if (cut) go({ at: cut.dataset.at, ...seen("source") });
}

// ---------------------------------------------------------------------------------------------- the keys

const VIEW_KEYS = { m: "mail", t: "text", s: "source", h: "headers", b: "message" };
const LOOK_KEYS = { l: "light", d: "dark", x: "none" };
const PANEL_KEYS = { w: "stories", ...(document.getElementById("words") && { e: "words" }), ...(document.getElementById("send") && { a: "send" }), c: "check", o: "inbox", r: "readers" };
const WIDTHS = ["320", "375", "600", "800", "free"];

function step(which, by) {
  const all = [...document.querySelectorAll(which === "story" ? ".title[data-at]" : ".cuts a")];
  const at = state.at || "";
  let here = all.findIndex((link) => link.dataset.at === (which === "story" ? at.split(".")[0] : at));
  if (here < 0 && which === "cut" && at) {
    const first = all.findIndex((link) => parseInt(link.dataset.at) >= parseInt(at));
    here = by > 0 ? first - 1 : first;
  }
  const next = all[here < 0 && by < 0 ? all.length - 1 : Math.min(all.length - 1, Math.max(0, here + by))];
  if (!next) return;
  const shown = seen(which === "story" ? "mail" : "source");
  go({ at: next.dataset.at, ...shown, ...(narrow.matches ? {} : { panel: "stories" }) });
  if (!narrow.matches) next.focus({ preventScroll: true });
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const key = event.key;
  const isBusy = document.querySelector("dialog[open]") !== null;
  if (key === "Escape") {
    if (!isBusy && state.at) go(closed());
    return;
  }
  const typing = event.target.closest?.("input:not([type=checkbox]):not([type=range]), textarea, select");
  if (typing || isBusy || !document.getElementById("single-keys").checked) return;
  if (key === "?") document.getElementById("keys").showModal();
  else if (key === "j") step("story", 1);
  else if (key === "k") step("story", -1);
  else if (key === "n") step("cut", 1);
  else if (key === "p") step("cut", -1);
  else if (VIEW_KEYS[key]) go({ view: VIEW_KEYS[key], beside: "mail" });
  else if (LOOK_KEYS[key]) go({ look: LOOK_KEYS[key], view: "mail", beside: "mail" });
  else if (PANEL_KEYS[key]) go({ panel: PANEL_KEYS[key] });
  else if (key === "i") go({ pictures: state.pictures === "on" ? "off" : "on", view: "mail", beside: "mail" });
  else if (/^[1-5]$/.test(key)) go({ width: WIDTHS[key - 1], beside: "mail" });
  else if (key === "[" || key === "]") {
    rule(key === "[" ? -10 : 10);
    go({ width: "free", beside: "mail" });
  } else if (key === "f") {
    go({ panel: isDesk && wide.matches ? state.panel : "week" });
    document.getElementById("find-week").focus();
  } else if (key === "/" && document.getElementById("find")) {
    go({ panel: "readers" });
    document.getElementById("find").focus();
  } else return;
  event.preventDefault();
}

// ---------------------------------------------------------------------------------------------- readers and tests

let asked = 0;
async function search(words) {
  const mine = ++asked;
  const list = document.getElementById("found");
  const note = document.getElementById("find-said");
  if (!words.trim()) return void (list.replaceChildren(), (note.textContent = ""));
  const answer = await fetch("/api/readers?" + new URLSearchParams({ words }));
  if (mine !== asked || !answer.ok) return;
  const { readers } = await answer.json();
  note.textContent = readers.length ? `${readers.length} found` : "nobody is called so";
  list.replaceChildren(
    ...readers.map((reader) => {
      const item = document.createElement("li");
      const button = document.createElement("button");
      button.type = "button";
      button.value = reader.number;
      button.textContent = reader.address;
      if (reader.name) button.append(Object.assign(document.createElement("small"), { textContent: reader.name }));
      button.addEventListener("click", () => {
        list.replaceChildren();
        note.textContent = "Shown as " + reader.address;
        go({ reader: String(reader.number) });
        document.getElementById("find").focus();
      });
      item.append(button);
      return item;
    }),
  );
}

async function mailTest(event) {
  event.preventDefault();
  const test = event.target;
  const said = document.getElementById("test-said");
  const button = test.querySelector("button");
  const body = new URLSearchParams(new FormData(test));
  body.set("variant", state.variant);
  button.disabled = true;
  said.className = "";
  said.textContent = "Sending …";
  const result = await order(test, body, "the test went out");
  said.className = result.ok ? "good" : "bad";
  said.textContent = result.said;
  button.disabled = false;
}

// ---------------------------------------------------------------------------------------------- begin

if (form) {
  const asked = new URLSearchParams(location.search);
  if (!asked.has("width") && measureRoom() < 600) state.width = USUAL.width = innerWidth < 360 ? "320" : "375";
  document.addEventListener("submit", (event) => (event.target.id === "test" ? mailTest(event) : submitted(event)));
  document.addEventListener("click", clicked);
  document.addEventListener("keydown", pressed);
  document.addEventListener("frame-ready", (event) => {
    event.detail.addEventListener("keydown", pressed);
    event.detail.addEventListener("click", traced);
  });
  document.getElementById("find")?.addEventListener("input", (event) => search(event.target.value));
  document.getElementById("show-keys").addEventListener("click", () => document.getElementById("keys").showModal());
  const single = document.getElementById("single-keys");
  single.checked = localStorage.getItem("single-keys") !== "off";
  single.addEventListener("change", () => localStorage.setItem("single-keys", single.checked ? "on" : "off"));
  document.addEventListener("look", (event) => go(event.detail));
  const bar = document.getElementById("show-bar");
  bar.hidden = false;
  bar.addEventListener("click", () => bar.setAttribute("aria-expanded", String(bar.getAttribute("aria-expanded") !== "true")));
  narrow.addEventListener("change", show);
  wide.addEventListener("change", show);
  new ResizeObserver(() => fit(state.width)).observe(document.querySelector(".room"));
  document.getElementById("ruler").addEventListener("input", () => rule(0));
  show();
  loadFrame(state).then(() => state.at && point());
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

let running = null;

/** Bring in what changed; of a draft with that *stamp*, unless an edit made here brings it in already. */
async function changed(stamp = null) {
  while (stamp !== null && running) await running;
  if (document.body.dataset.stamp === stamp) return;
  const mine = bring();
  running = mine;
  await mine.finally(() => {
    if (running === mine) running = null;
  });
}

/** First what the editor looks at, the mail or the page around it; then the other. */
async function bring() {
  const mail = getComputedStyle(document.getElementById("mail"));
  const isSeen = mail.display !== "none" && mail.visibility !== "hidden";
  // A frame that is loaded anew meanwhile never says that it has come.
  if (isSeen) await Promise.race([loadFrame(state), pause(250)]);
  await refresh(address());
  if (!isSeen) await loadFrame(state);
}
if (document.body.dataset.stamp) follow({ changed: form ? changed : () => location.reload() });
