// Bubbles of a conversation, as the chat and the demo phone show them.

const CODE = /\b([A-Z0-9][A-Z0-9.]*-\d{6,8}-\d{4,7})\b/;

/** A list item. `who` speaks, for screen readers; `below` is small print. */
export function bubble(kind, who, text, below) {
  const li = document.createElement("li");
  li.className = `said ${kind}`;
  li.append(element("span", who, "who"), said(text), element("small", below));
  return li;
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
