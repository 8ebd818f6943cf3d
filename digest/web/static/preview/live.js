// Follow the draft: ask until something changed, then exchange only what is different. Place, toggles and open
// details stay.
const said = document.getElementById("said");
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Say *words* in the head of the page, only where they are news. */
function say(words, isBad = false) {
  if (!said || said.textContent === words) return;
  said.textContent = words;
  said.className = isBad ? "bad" : "";
}

const name = document.body.dataset.name ?? "preview";

/** Send *fields* as *form*; {ok, said}, also where nothing comes back: then nobody can know whether *wish* came true. */
export async function order(form, fields, wish) {
  try {
    const answer = await fetch(form.getAttribute("action"), { method: "POST", body: fields });
    if (answer.headers.get("Content-Type")?.includes("json")) return await answer.json();
    return { ok: false, said: `That was refused. Load the ${name} again.` };
  } catch {
    return { ok: false, said: `The ${name} does not answer: nobody can know whether ${wish}.` };
  }
}

let newest = 0;

/** Take from the page at *address* whatever differs from what stands here. */
export async function refresh(address) {
  const mine = ++newest;
  const answer = await fetch(address, { cache: "no-store" });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (mine !== newest) return; // an older answer that came late
  if (!page.querySelector("[data-part]")) return location.reload();
  for (const fresh of page.querySelectorAll("[data-part]")) {
    const old = document.querySelector(`[data-part="${fresh.dataset.part}"]`);
    if (old && old.innerHTML !== fresh.innerHTML) exchange(old, fresh);
  }
  document.dispatchEvent(new CustomEvent("refreshed", { detail: page }));
  document.title = page.title;
  document.body.dataset.stamp = page.body.dataset.stamp;
  document.body.dataset.source = page.body.dataset.source;
}

/** What stands in *fresh* in the place of what stands in *old*: scrolled, opened and focused as it was. */
function exchange(old, fresh) {
  const active = old.contains(document.activeElement) ? document.activeElement : null;
  const typed = active?.matches("[data-words]") ? { value: active.value, at: [active.selectionStart, active.selectionEnd] } : null;
  const opened = [...old.querySelectorAll("details[open][id]")].map((details) => details.id);
  const headline = (part) => part.querySelector(".headline")?.textContent;
  const inner = headline(old) === headline(fresh) ? old.querySelector(".scroll")?.scrollTop : 0;
  const top = old.scrollTop;
  old.replaceChildren(...fresh.childNodes);
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  old.scrollTop = top;
  const scroller = old.querySelector(".scroll");
  if (scroller) scroller.scrollTop = inner || 0;
  const again = active?.id ? document.getElementById(active.id) : null;
  again?.focus({ preventScroll: true });
  if (again && typed) {
    again.value = typed.value;
    again.setSelectionRange(...typed.at);
  }
}

let everything = async () => {};

/** Bring all that is shown up to date. */
export const refreshed = () => everything();

/** Call *changed* with the draft's stamp whenever it is another. Sleeps while nobody sees the window. */
export async function follow({ changed }) {
  everything = changed;
  for (;;) {
    if (document.hidden) await new Promise((seen) => document.addEventListener("visibilitychange", seen, { once: true }));
    const shown = document.body.dataset.stamp;
    try {
      const answer = await fetch("/api/changes?" + new URLSearchParams({ seen: shown }), { cache: "no-store" });
      if (answer.status === 403) return say(`The ${name} does not know this window any more. Open it again as you did first.`, true);
      if (!answer.ok) throw new Error(answer.status);
      const { stamp, pause: wait } = await answer.json();
      say("");
      if (stamp !== shown) await changed(stamp);
      if (wait) await pause(wait * 1000);
    } catch {
      say(`The ${name} has ended. It goes on when digest ${name} runs again.`, true);
      await pause(2000);
    }
  }
}
