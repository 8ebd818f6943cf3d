// The panel Send: what stands in it is fetched when it is looked at and whenever it may have changed; its forms are
// orders. Numbers are read out now and then, not each time they change.
import { order, refreshed } from "./live.js";

const body = document.getElementById("send-body");
const said = document.getElementById("send-said");
const pace = document.getElementById("send-pace");
const title = document.getElementById("send-title");
const READ_OUT_EVERY = 20_000; // ms
const shows = () => document.body.dataset.panel === "send" && !document.hidden;

let asked = 0;
let next = 0;
let readAt = 0;

/** Take what the panel is to show from the desk, and come again as it asks. */
async function load() {
  const mine = ++asked;
  clearTimeout(next);
  if (!shows()) return;
  const begun = performance.now();
  try {
    const answer = await fetch("/send", { cache: "no-store" });
    if (mine !== asked) return;
    if (answer.ok) exchange(await answer.text());
  } catch {
    // the head of the page says that the desk does not answer
  }
  const again = Number(body.firstElementChild?.dataset.again ?? 0) * 1000;
  const took = performance.now() - begun; // a large ledger is looked at less often
  if (again && mine === asked) next = setTimeout(load, Math.max(again, 5 * took));
}

/** *html* in the place of what stands there: typed, opened, focused and scrolled as it was. */
function exchange(html) {
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  const before = body.firstElementChild?.dataset.state;
  const isSame = fresh.content.firstElementChild?.dataset.state === before;
  if (isSame && document.activeElement.type === "datetime-local") return; // half a date has no value to keep
  if (fresh.innerHTML.trim() !== body.dataset.shown) {
    const active = body.contains(document.activeElement) ? document.activeElement.id : "";
    const opened = isSame ? [...body.querySelectorAll("details[open]")].map((details) => details.id) : [];
    const typed = [...body.querySelectorAll("input[id]")].filter((field) => field.value !== field.defaultValue);
    body.dataset.shown = fresh.innerHTML.trim();
    body.replaceChildren(fresh.content);
    for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
    for (const field of typed) {
      const again = document.getElementById(field.id);
      if (again) again.value = field.value;
    }
    if (active) (document.getElementById(active) ?? title).focus({ preventScroll: true });
  }
  const { pace: words = "" } = body.firstElementChild?.dataset ?? {};
  if (words !== pace.textContent && (!isSame || Date.now() - readAt > READ_OUT_EVERY)) {
    readAt = Date.now();
    pace.textContent = words;
  }
}

/** An order: its answer is said, and what it changed is shown. */
async function ordered(event) {
  const form = event.target;
  if (!body.contains(form)) return;
  event.preventDefault();
  event.stopPropagation(); // desk.js takes a form for a change of what is looked at
  const fields = new URLSearchParams(new FormData(form, event.submitter));
  if (form.id === "send-test") fields.set("variant", document.querySelector("#view [name=variant]").value);
  const button = event.submitter;
  button.disabled = true;
  tell("…");
  const result = await order(form, fields, "that was done");
  button.disabled = false;
  if (result.ok) for (const field of form.querySelectorAll("input[id]")) field.value = field.defaultValue;
  tell(result.said, !result.ok);
  if (result.ok) title.focus({ preventScroll: false });
  else button.focus();
  refreshed(); // not waited for: a frame that is loaded anew meanwhile never says that it has come
}

function tell(words, isBad = false) {
  said.textContent = words;
  said.className = isBad ? "bad" : "";
}

body.dataset.shown = body.innerHTML.trim();
const before = sessionStorage.getItem("said");
sessionStorage.removeItem("said");
if (before && shows()) {
  tell(before);
  title.focus();
}
document.addEventListener("submit", ordered, true);
body.addEventListener("click", (event) => {
  const { name, value } = event.target;
  if (name === "panel") setTimeout(() => document.getElementById(value).focus()); // where the button leads
});
document.addEventListener("visibilitychange", load);
document.addEventListener("refreshed", (event) => {
  const mayEdit = (page) => "csrf" in page.body.dataset;
  if (mayEdit(event.detail) === mayEdit(document)) return load();
  sessionStorage.setItem("said", said.textContent); // other panels, other tools: the page as it is now
  location.reload();
});
let panel = document.body.dataset.panel;
new MutationObserver(() => {
  if (document.body.dataset.panel === panel) return;
  panel = document.body.dataset.panel;
  tell("");
  if (panel === "send" && !document.activeElement?.closest(".tabs")) title.focus(); // called up by its key
  load();
}).observe(document.body, { attributeFilter: ["data-panel"] });
load();
