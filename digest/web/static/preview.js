// The preview's own behavior: switch views without a reload, fit the mail to the room, follow the draft.
// Everything but the ruler works without this file: the buttons send the form.
"use strict";

const PATHS = { mail: "/mail", text: "/text", source: "/source", excerpts: "/excerpts" };
const PIXELS = { phone: 375, tablet: 600, desktop: 800 };
const form = document.getElementById("view");
const said = document.getElementById("said");

function say(words) {
  if (said && said.textContent !== words) said.textContent = words;
}

if (form) {
  const device = document.querySelector(".device");
  const room = document.querySelector(".room");
  const ruler = document.getElementById("ruler");
  const measure = document.getElementById("measure");
  const state = Object.fromEntries(new FormData(form));
  const asked = new URLSearchParams(location.search);
  const usual = { view: "mail", scheme: "light", width: room.clientWidth < 600 ? "phone" : "desktop", variant: "", at: "" };
  state.at = asked.get("at") || "";
  if (!asked.has("width")) state.width = usual.width;
  let ruled = false; // the editor moved the ruler: "free" no longer means the whole room

  const loadFrame = () => {
    const { scheme, variant, at } = state;
    // A new element, not a new address: the Back button should leave the preview, not walk through its views.
    const old = document.getElementById("frame");
    const fresh = old.cloneNode();
    fresh.src = PATHS[state.view] + "?" + new URLSearchParams({ scheme, variant, at }) + (at ? "#here" : "");
    old.replaceWith(fresh);
  };

  const fit = () => {
    const space = room.clientWidth;
    if (state.width === "free" && !ruled) ruler.value = space;
    const width = PIXELS[state.width] || (ruled ? Number(ruler.value) : space);
    const scale = Math.min(1, space / width);
    device.style.setProperty("--width", width + "px");
    device.style.setProperty("--scale", scale);
    measure.textContent = `${width} px` + (scale < 1 ? `, shown at ${Math.round(scale * 100)} %` : "");
  };

  const show = () => {
    for (const button of document.querySelectorAll(".bar button")) {
      button.setAttribute("aria-pressed", String(state[button.name] === button.value));
      // Only the mail has colors of its own to switch.
      if (button.name === "scheme") button.disabled = state.view !== "mail";
    }
    for (const field of form.querySelectorAll("input")) field.value = state[field.name];
    device.dataset.width = state.width;
    document.body.dataset.width = state.width;
    const kept = new URLSearchParams(Object.entries(state).filter(([key, value]) => value !== usual[key]));
    history.replaceState(null, "", kept.size ? "/?" + kept : "/");
    fit();
  };

  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button) return;
    event.preventDefault();
    const before = { ...state };
    state[button.name] = button.value;
    if (button.name === "at" && state.view !== "excerpts") state.view = "mail";
    if (button.name === "view") state.at = "";
    show();
    const same = ["view", "scheme", "variant", "at"].every((key) => before[key] === state[key]);
    if (!same || button.name === "at") loadFrame();
    if (button.name === "at") {
      // On a narrow screen the mail is elsewhere on the page.
      const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
      document.getElementById("stage").scrollIntoView({ block: "nearest", behavior: still ? "auto" : "smooth" });
    }
  });

  ruler.addEventListener("input", () => {
    ruled = true;
    fit();
  });
  new ResizeObserver(fit).observe(room);
  show();

  const kept = sessionStorage.getItem("focus");
  sessionStorage.removeItem("focus");
  if (kept) [...document.querySelectorAll("button")].find((b) => b.name + "=" + b.value === kept)?.focus();
}

// Follow the draft. One small question a second while the window is seen.
const shown = document.body.dataset.stamp;
async function follow() {
  let wait = 1000;
  if (!document.hidden) {
    try {
      const answer = await fetch("/stamp", { cache: "no-store" });
      if (answer.status === 403) return say("The preview was started anew. Open the address in the terminal.");
      const stamp = answer.ok ? (await answer.json()).stamp : shown;
      say("");
      if (stamp !== shown) {
        const active = document.activeElement;
        if (active?.name) sessionStorage.setItem("focus", active.name + "=" + active.value);
        return location.reload();
      }
    } catch {
      say("The preview has ended. It goes on when digest preview runs again.");
      wait = 5000;
    }
  }
  setTimeout(follow, wait);
}
if (shown) setTimeout(follow, 1000);
