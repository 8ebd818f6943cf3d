// The mail's frame: as wide as asked, exchanged without a flash, scrolled to what is pointed at. The frame runs no
// script; this page may look into it because both come from the same place.
const PIXELS = { 320: 320, 375: 375, 600: 600, 800: 800 };
const device = document.querySelector(".device");
const room = document.querySelector(".room");
const ruler = document.getElementById("ruler");
let width = "600";
let ruled = false; // somebody moved the ruler: "free" no longer means the whole room
let coming = null;

/** The width there is for the mail, px. */
export const measureRoom = () => room.clientWidth || innerWidth;

/** Make the mail as wide as *wanted* says, smaller in scale where the room is narrower. */
export function fit(wanted) {
  width = wanted;
  const space = room.clientWidth;
  if (!space) return; // not on the screen
  if (width === "free" && !ruled) ruler.value = space;
  const wide = PIXELS[width] || (ruled ? Number(ruler.value) : space);
  const scale = Math.min(1, space / wide);
  device.style.setProperty("--width", wide + "px");
  device.style.setProperty("--scale", scale);
  device.dataset.width = width;
  const shrunk = scale < 1 ? `, shown at ${Math.round(scale * 100)} %` : "";
  document.getElementById("measure").textContent = `${wide} px${shrunk}`;
}

/** Move the ruler by *by* px, from the width shown now. */
export function rule(by) {
  if (!ruled && by) ruler.value = device.offsetWidth;
  ruled = true;
  ruler.value = Number(ruler.value) + by;
  if (width === "free") fit(width);
}

/** Show what *state* says. The old page stays until the new one is there, at the same place. */
export function loadFrame({ view, look, pictures, variant, reader }) {
  const old = document.getElementById("frame");
  coming?.remove();
  // A new element, not a new address: the Back button should leave the preview, not walk through its views.
  const fresh = old.cloneNode();
  fresh.removeAttribute("id");
  fresh.className = "coming";
  fresh.dataset.view = view;
  fresh.src = `/frame/${view}?` + new URLSearchParams({ look, pictures, variant, reader });
  coming = fresh;
  return new Promise((done) => {
    fresh.addEventListener("load", () => {
      if (coming !== fresh) return done();
      coming = null;
      const from = old.contentWindow;
      const samePage = !old.dataset.view || old.dataset.view === view;
      if (samePage && from) fresh.contentWindow.scrollTo(from.scrollX, from.scrollY);
      const hadFocus = document.activeElement === old;
      old.remove();
      fresh.id = "frame";
      fresh.className = "";
      if (hadFocus) fresh.focus();
      document.dispatchEvent(new CustomEvent("frame-ready", { detail: fresh.contentDocument }));
      done();
    });
    old.after(fresh);
  });
}

/** Scroll the mail to *words* and mark them; '' takes the mark away. */
export function pointAt(words, behavior) {
  const frame = document.getElementById("frame");
  const page = frame.contentDocument;
  const registry = frame.contentWindow?.CSS?.highlights;
  registry?.clear();
  const range = words && page?.body && find(page, words);
  if (!range) return;
  registry?.set("here", new frame.contentWindow.Highlight(range));
  const box = range.getBoundingClientRect();
  const top = frame.contentWindow.scrollY + box.top - Math.max(40, (frame.clientHeight - box.height) / 3);
  frame.contentWindow.scrollTo({ top, behavior });
}

/** Which of *texts* stands where the mail was clicked: its number in the list; -1 for none. */
export function clickedText(event, texts) {
  const page = event.view.document;
  const caret = page.caretPositionFromPoint?.(event.clientX, event.clientY);
  if (!caret || event.target.closest("a") || !page.getSelection().isCollapsed) return -1;
  const { text, places } = readable(page);
  const at = places.findIndex(([node, offset]) => node === caret.offsetNode && offset >= caret.offset);
  return texts.findIndex((words) => {
    const wanted = plain(words);
    for (let start = text.indexOf(wanted); start >= 0 && at >= 0; start = text.indexOf(wanted, start + 1)) {
      if (start <= at && at <= start + wanted.length) return true;
    }
    return false;
  });
}

/** The first place in *page* where *words* are seen; null for none. */
function find(page, words) {
  const { text, places } = readable(page);
  const wanted = plain(words);
  const start = text.indexOf(wanted);
  if (start < 0) return null;
  const range = page.createRange();
  range.setStart(...places[start]);
  const [node, at] = places[start + wanted.length - 1];
  range.setEnd(node, at + 1);
  return range;
}

const plain = (words) => words.replace(/\s+/g, " ").trim();

/** The text seen in *page*, blanks and line breaks as one, and where each of its characters stands. */
function readable(page) {
  const walker = page.createTreeWalker(page.body, NodeFilter.SHOW_TEXT);
  const places = [];
  let text = "";
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!node.parentElement.getClientRects().length) continue; // the hidden preheader
    for (let i = 0; i < node.data.length; i++) {
      const blank = /\s/.test(node.data[i]);
      if (blank && text.endsWith(" ")) continue;
      text += blank ? " " : node.data[i];
      places.push([node, i]);
    }
  }
  return { text, places };
}
