// The fields of the form: what is typed, what is wrong with it, and beside which field that is said.

const form = document.getElementById("ask");
const more = form.querySelector("details");
const boxes = {};
for (const [name, id, error] of [["text", "field", "error"], ["factor", "factor", "factor-error"]]) {
  const input = document.getElementById(id);
  if (input) boxes[name] = { input, error: document.getElementById(error) };
}

/** What is typed, by the names of the fields; empties them, and folds the second one away. */
export function taken() {
  const typed = Object.entries(boxes).map(([name, { input }]) => [name, input.value.trim()]);
  for (const { input } of Object.values(boxes)) input.value = "";
  if (more?.contains(document.activeElement)) boxes.text.input.focus();
  if (more) more.open = false;
  return Object.fromEntries(typed);
}

export function isEmpty() {
  return !boxes.text.input.value.trim();
}

/** Into fields where nothing else was typed meanwhile. */
export function giveBack(typed) {
  for (const [name, { input }] of Object.entries(boxes)) input.value ||= typed[name] ?? "";
}

/** `name` is the field whose content is wrong; empty where the trouble is another one. */
export function complain(sentence, name = "") {
  forgive();
  const { input, error } = boxes[name] ?? boxes.text;
  error.textContent = sentence;
  if (name) input.setAttribute("aria-invalid", "true");
  if (more?.contains(input)) more.open = true;
  input.focus();
}

export function forgive() {
  for (const { input, error } of Object.values(boxes)) {
    error.textContent = "";
    input.removeAttribute("aria-invalid");
  }
}

/** Calls `send` for a form that is not empty. */
export function whenAsked(send) {
  form.addEventListener("input", forgive);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (isEmpty()) return complain(form.dataset.empty, "text");
    forgive();
    send(taken());
  });
}
