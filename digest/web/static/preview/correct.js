// The form at each story of an issue that is out: words, or off the page.
import { refreshed } from "./live.js";

async function corrected(event) {
  const form = event.target;
  if (!form.matches("[data-correct]")) return;
  event.preventDefault();
  event.stopPropagation(); // desk.js takes a form for a change of what is looked at
  const answer = form.querySelector(".answer");
  const fields = new URLSearchParams(new FormData(form, event.submitter));
  const { id } = form.closest("details");
  let result;
  try {
    const sent = await fetch(form.getAttribute("action"), { method: "POST", body: fields });
    const isOurs = sent.headers.get("Content-Type")?.includes("json");
    result = isOurs ? await sent.json() : { ok: false, said: "That was refused. Load the desk again." };
  } catch {
    result = { ok: false, said: "The desk does not answer: nobody can know whether that was kept." };
  }
  tell(answer, result);
  if (!result.ok) return;
  form.reset();
  // The list of stories is exchanged, and with it the form.
  document.addEventListener("refreshed", () => tell(document.querySelector(`#${id} .answer`), result), { once: true });
  refreshed();
}

function tell(answer, { ok, said }) {
  answer.className = ok ? "answer good" : "answer bad";
  answer.textContent = said;
}

document.addEventListener("submit", corrected, true);
