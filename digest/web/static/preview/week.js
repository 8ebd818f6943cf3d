// The week in the browser: search as one types, rows as one scrolls, and what changed put in its place.
const AT_ONCE = 40;
const WAIT = 60; // ms after the last key
const list = () => document.getElementById("candidates");
const more = document.getElementById("more-found");
const field = document.getElementById("find-week");
let sought = { find: field.value, show: document.querySelector('#week [name="show"][aria-pressed="true"]').value };
let newest = 0;

/** Rows of what is sought: *count* of them, from there on; null where a newer answer is under way. */
async function rows(from, count) {
  const mine = ++newest;
  const at = new URLSearchParams(location.search).get("at") ?? "";
  const answer = await fetch("/week?" + new URLSearchParams({ ...sought, at, from, count }), { cache: "no-store" });
  if (mine !== newest || !answer.ok) return null;
  return new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("candidates");
}

/** Put *fresh* in the place of the rows that differ. */
function exchange(fresh) {
  const focused = list().contains(document.activeElement) ? document.activeElement.id : "";
  const old = [...list().children];
  const now = [...fresh.children];
  now.forEach((row, place) => {
    if (!old[place]) list().append(row);
    else if (old[place].outerHTML !== row.outerHTML) old[place].replaceWith(row);
  });
  for (const row of old.slice(now.length)) row.remove();
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  told(fresh);
}

/** Say how many there are, and whether there are more. */
function told({ dataset }) {
  const { found } = dataset;
  list().dataset.found = found;
  more.hidden = list().children.length >= Number(found);
  const isPart = sought.find || sought.show !== "all";
  document.getElementById("found-said").textContent = isPart ? `${Number(found).toLocaleString("en")} found` : "";
}

async function begin() {
  const fresh = await rows(0, AT_ONCE);
  if (!fresh) return;
  exchange(fresh);
  const panel = document.getElementById("week");
  const search = panel.querySelector("[role=search]");
  if (list().getBoundingClientRect().top < search.getBoundingClientRect().bottom) list().scrollIntoView({ block: "nearest" });
}

let isComing = false;
async function goOn() {
  if (isComing || more.hidden) return;
  isComing = true;
  const fresh = await rows(list().children.length, AT_ONCE);
  isComing = false;
  if (!fresh) return;
  const first = fresh.firstElementChild;
  const hadFocus = document.activeElement === more;
  list().append(...fresh.children);
  if (hadFocus) first?.querySelector("a")?.focus();
  told(fresh);
}

let timer = 0;
field.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(() => document.dispatchEvent(new CustomEvent("look", { detail: { find: field.value } })), WAIT);
});
field.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault()); // no form is sent
document.addEventListener("sought", (event) => {
  sought = event.detail;
  begin();
});
document.addEventListener("refreshed", async (event) => {
  const shown = list().children.length;
  const fresh = shown <= AT_ONCE ? event.detail.getElementById("candidates") : await rows(0, shown);
  if (fresh) exchange(fresh);
});
more.addEventListener("click", goOn);
new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && goOn(), {
  root: document.getElementById("week"),
  rootMargin: "800px",
}).observe(more);
