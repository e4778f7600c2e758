// The conversation: what is written is sent until it is safe, what is sent to us appears by itself.

import { attachment, bubble, choices } from "./bubbles.js";
import { complain, giveBack, whenAsked } from "./field.js";
import { forget, recall, remember } from "./wrote.js";

const root = document.getElementById("chat");
const talk = document.getElementById("talk");
const list = talk.querySelector("ol");
const news = document.getElementById("news");
const status = document.getElementById("status");
const end = document.getElementById("end");

const words = JSON.parse(root.dataset.words);
const { lang } = document.documentElement;
const inLanguage = lang === "vi" ? "" : `?lang=${lang}`;
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

const RETRIES = [700, 2000];
const LATE = 8000;
const REOPEN = 10000;
const READ_OUT = 10000;
const HIDDEN = "••••";

const CLOCK = new Intl.DateTimeFormat("en-GB", {
  timeZone: "Asia/Ho_Chi_Minh", hour: "2-digit", minute: "2-digit", day: "numeric", month: "numeric", year: "numeric",
});
const shown = new Set();
let last = "";
let stream = null;
let waiting = 0;

// ── bubbles ────────────────────────────────────────────────────────────────────────────────────

function hour(at) {
  const moment = new Date(at);
  // As the server writes it, wherever the reader is.
  const parts = Object.fromEntries(CLOCK.formatToParts(moment).map((part) => [part.type, part.value]));
  return `${parts.hour}:${parts.minute} · ${Number(parts.day)}/${Number(parts.month)}/${parts.year}`;
}

function place(li, before = null) {
  list.insertBefore(li, before);
  if (end) end.hidden = false;
  talk.scrollTop = talk.scrollHeight;
}

function placeRemembered() {
  for (const line of recall()) {
    const above = line.under && list.querySelector(`[data-id="${CSS.escape(line.under)}"]`);
    let below = above ? above.nextElementSibling : list.firstElementChild;
    while (below?.classList.contains("mine")) below = below.nextElementSibling;
    place(bubble("mine", words.you, line.shown, hour(line.at)), below);
  }
}

/** Told once to a screen reader, and gone before somebody finds it twice on the page. */
function tell(message) {
  const line = bubble("", words.office, message.text, "", message.language);
  const told = document.createElement("div");
  told.append(...line.childNodes);
  news.append(told);
  setTimeout(() => told.remove(), READ_OUT);
}

/** The buttons of earlier answers, but for the one that has just been pressed: nobody's focus is lost. */
function putAway() {
  for (const form of list.querySelectorAll("[data-answer] .options")) {
    if (!form.contains(document.activeElement)) form.remove();
  }
}

// ── what we write ──────────────────────────────────────────────────────────────────────────────

function freshId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function post(path, body) {
  return fetch(path + inLanguage, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Form-Token": root.dataset.token },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(15000),
  });
}

/** The server's answer; null where none came. Tries again by itself: the id makes it the same message. */
async function handOver(body) {
  for (const rest of [...RETRIES, 0]) {
    try {
      const answer = await post("/chat/messages", body);
      if (answer.status < 500 || !rest) return answer;
    } catch {
      if (!rest) return null;
    }
    await pause(rest);
  }
  return null;
}

/** `typed` is what goes into the fields: a text, and perhaps a second factor. */
function say(typed, label = "") {
  const above = [...list.querySelectorAll("[data-id]")].at(-1);
  const seen = label || (typed.factor ? `${typed.text} · ${HIDDEN}` : typed.text);
  const line = { typed, shown: seen, id: freshId(), at: Date.now(), under: above?.dataset.id ?? "" };
  const li = bubble("mine", words.you, seen, hour(line.at));
  putAway();
  place(li);
  li.scrollIntoView({ block: "nearest" });
  // From here on the code is in no address that a browser keeps.
  if (location.search.includes("ma=")) history.replaceState(null, "", location.pathname + inLanguage);
  send(line, li);
}

async function send(line, li) {
  const small = li.querySelector("small");
  li.classList.remove("unsent");
  small.textContent = words.sending;
  expectAnswer();
  const answer = await handOver({ ...line.typed, id: line.id });
  if (answer?.status === 202) {
    small.textContent = hour(line.at);
    remember(line);
    return;
  }
  noLongerExpected();
  const refusal = await answer?.json().catch(() => null);
  const sentence = refusal?.sentence ?? words.unsent;
  if (answer && answer.status < 500 && answer.status !== 429) {
    // The text itself is at fault: back into the field with it.
    li.remove();
    giveBack(line.typed);
    complain(sentence, refusal?.field);
  } else offerAgain(line, li, sentence);
}

function offerAgain(line, li, sentence) {
  li.classList.add("unsent");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet again";
  button.textContent = words.again;
  button.addEventListener("click", () => send(line, li));
  li.querySelector("small").replaceChildren(sentence, button);
  status.textContent = sentence;
}

// ── what we are sent ───────────────────────────────────────────────────────────────────────────

function expectAnswer() {
  clearTimeout(waiting);
  status.textContent = words.waiting;
  waiting = setTimeout(() => (status.textContent = words.late), LATE);
}

function noLongerExpected() {
  clearTimeout(waiting);
  status.textContent = "";
}

function receive(message) {
  last = message.id;
  if (!shown.has(message.id)) {
    shown.add(message.id);
    const li = bubble("theirs", words.office, message.text, hour(message.at), message.language);
    li.dataset.id = message.id;
    for (const file of message.files) li.querySelector("small").before(attachment(file, words.document));
    if (message.answer) li.dataset.answer = "";
    if (message.options.length) li.append(choices(message.options, words.choose, message.language));
    place(li);
    if (status.textContent) li.scrollIntoView({ block: "nearest" });
    noLongerExpected();
    tell(message);
  }
  if (!message.seen) post("/chat/seen", { id: message.id }).catch(() => {});
}

function connect() {
  disconnect();
  stream = new EventSource(`/chat/events?after=${encodeURIComponent(last)}`);
  stream.addEventListener("message", (event) => receive(JSON.parse(event.data)));
  stream.addEventListener("open", () => {
    if (status.textContent === words.offline) status.textContent = "";
  });
  stream.addEventListener("error", () => {
    if (!status.textContent) status.textContent = words.offline;
    if (stream?.readyState === EventSource.CLOSED) setTimeout(visible, REOPEN);
  });
}

function disconnect() {
  stream?.close();
  stream = null;
}

/** A page in the background gives its connection back; what it missed comes from the history. */
function visible() {
  if (document.visibilityState === "hidden") disconnect();
  else if (!stream || stream.readyState === EventSource.CLOSED) connect();
}

// ── the beginning ──────────────────────────────────────────────────────────────────────────────

whenAsked((typed) => say(typed));
list.addEventListener("submit", (event) => {
  event.preventDefault();
  say({ text: event.submitter.value }, event.submitter.textContent);
});
end?.addEventListener("submit", forget);
document.addEventListener("visibilitychange", visible);
window.addEventListener("pagehide", disconnect);
window.addEventListener("pageshow", visible);

for (const li of list.querySelectorAll("[data-id]")) {
  shown.add(li.dataset.id);
  last = li.dataset.id;
  if ("unseen" in li.dataset) post("/chat/seen", { id: li.dataset.id }).catch(() => {});
}
placeRemembered();
visible();
