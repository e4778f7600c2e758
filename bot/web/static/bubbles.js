// Bubbles of a conversation, as the chat and the demo phone show them.

const CODE = /\b([A-Z0-9][A-Z0-9.]*-\d{6,8}-\d{4,7})\b/;

/** A list item. `who` speaks, for screen readers; `below` is small print. */
export function bubble(kind, who, text, below, language = "") {
  const li = document.createElement("li");
  li.className = `said ${kind}`;
  const body = said(text);
  speak(body, language);
  li.append(element("span", `${who}:`, "who"), body, element("small", below));
  return li;
}

/** Buttons below a bubble, in a form like the server's: whoever listens to its submit is told which one. */
export function choices(options, label, language) {
  const form = element("form", "", "options");
  const group = form.appendChild(document.createElement("div"));
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", label);
  for (const option of options) {
    const button = group.appendChild(element("button", option.label, "choice"));
    speak(button, language);
    button.name = "text";
    button.value = option.says;
  }
  return form;
}

/** Where it is not the page's own. */
function speak(element, language) {
  if (language && language !== document.documentElement.lang) element.lang = language;
}

/** A link to fetch a document that came with a message. */
export function attachment(file, words) {
  const link = element("a", `${words}: ${file.name}`, "file");
  link.href = file.address;
  link.download = file.name;
  return link;
}

export function element(tag, text, kind) {
  const made = document.createElement(tag);
  made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

/** The text, with each dossier code in a box that a line breaks around and not inside. */
function said(text) {
  const body = document.createElement("p");
  // Every second piece is what the pattern has matched.
  body.append(...text.split(CODE).map((piece, place) => (place % 2 ? element("span", piece, "code") : piece)));
  return body;
}
