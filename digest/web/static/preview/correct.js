// The form at each story of an issue that is out: words, or off the page.
import { order, refreshed } from "./live.js";

async function corrected(event) {
  const form = event.target;
  if (!form.matches("[data-correct]")) return;
  event.preventDefault();
  event.stopPropagation(); // desk.js takes a form for a change of what is looked at
  const answer = form.querySelector(".answer");
  const fields = new URLSearchParams(new FormData(form, event.submitter));
  const { id } = form.closest("details");
  const result = await order(form, fields, "that was kept");
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
