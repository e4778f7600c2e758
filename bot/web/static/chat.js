// The conversation: what is written is sent until it is safe, what is sent to us appears by itself.

import { bubble } from "./bubbles.js";

const root = document.getElementById("chat");
const talk = document.getElementById("talk");
const list = talk.querySelector("ol");
const form = document.getElementById("ask");
const field = document.getElementById("field");
const error = document.getElementById("error");
const status = document.getElementById("status");
const end = document.getElementById("end");

const words = JSON.parse(root.dataset.words);
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

const KEEP = "motcua-wrote";
const RETRIES = [700, 2000];
const LATE = 8000;
const REOPEN = 10000;

const shown = new Set();
let wrote = [];
let last = "";
let stream = null;
let waiting = 0;
let isOver = false;

// ── bubbles ────────────────────────────────────────────────────────────────────────────────────

function hour(at) {
  const moment = new Date(at);
  const minutes = String(moment.getMinutes()).padStart(2, "0");
  return `${moment.getHours()}:${minutes} · ${moment.getDate()}/${moment.getMonth() + 1}/${moment.getFullYear()}`;
}

function place(li, before = null) {
  list.insertBefore(li, before);
  if (end) end.hidden = false;
  talk.scrollTop = talk.scrollHeight;
}

// ── what we write ──────────────────────────────────────────────────────────────────────────────

/** What we wrote is kept by this window alone: the text, and the message under which it stood. */
function remember() {
  if (isOver) return;
  try {
    sessionStorage.setItem(KEEP, JSON.stringify(wrote.slice(-50)));
  } catch {
    // A browser that keeps nothing still can ask.
  }
}

function forget() {
  // What is still on its way must not write itself down again.
  isOver = true;
  sessionStorage.removeItem(KEEP);
}

function recall() {
  try {
    wrote = JSON.parse(sessionStorage.getItem(KEEP) ?? "[]");
  } catch {
    wrote = [];
  }
  for (const line of wrote) {
    const above = line.under && list.querySelector(`[data-id="${CSS.escape(line.under)}"]`);
    let below = above ? above.nextElementSibling : list.firstElementChild;
    while (below?.classList.contains("mine")) below = below.nextElementSibling;
    place(bubble("mine", words.you, line.text, hour(line.at)), below);
  }
}

function freshId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function post(path, body) {
  return fetch(path + location.search, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Form-Token": root.dataset.token },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(15000),
  });
}

/** The server's answer; null where none came. Tries again by itself: the id makes it the same message. */
async function handOver(line) {
  for (const rest of [...RETRIES, 0]) {
    try {
      const answer = await post("/chat/messages", line);
      if (answer.status < 500 || !rest) return answer;
    } catch {
      if (!rest) return null;
    }
    await pause(rest);
  }
  return null;
}

async function send(line, li) {
  const small = li.querySelector("small");
  li.classList.remove("unsent");
  small.textContent = words.sending;
  expectAnswer();
  const answer = await handOver({ text: line.text, id: line.id });
  if (answer?.status === 202) {
    small.textContent = hour(line.at);
    wrote.push(line);
    remember();
    return;
  }
  noLongerExpected();
  const sentence = (await answer?.json().catch(() => null))?.sentence ?? words.unsent;
  if (answer && answer.status < 500 && answer.status !== 429) giveBack(line, li, sentence);
  else offerAgain(line, li, sentence);
}

/** The text itself is at fault: back into the field with it. */
function giveBack(line, li, sentence) {
  li.remove();
  if (!field.value) field.value = line.text;
  complain(sentence);
}

function offerAgain(line, li, sentence) {
  li.classList.add("unsent");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet again";
  button.textContent = words.again;
  button.addEventListener("click", () => send(line, li));
  li.querySelector("small").replaceChildren(sentence, button);
}

function complain(sentence) {
  error.textContent = sentence;
  field.setAttribute("aria-invalid", "true");
  field.focus();
}

function forgive() {
  error.textContent = "";
  field.removeAttribute("aria-invalid");
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
    const li = bubble("theirs", words.office, message.text, hour(message.at));
    li.dataset.id = message.id;
    place(li);
    if (status.textContent) li.scrollIntoView({ block: "nearest" });
    noLongerExpected();
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

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = field.value.trim();
  if (!text) return complain(form.dataset.empty);
  forgive();
  const above = [...list.querySelectorAll("[data-id]")].at(-1);
  const line = { id: freshId(), text, at: Date.now(), under: above?.dataset.id ?? "" };
  const li = bubble("mine", words.you, text, hour(line.at));
  place(li);
  li.scrollIntoView({ block: "nearest" });
  field.value = "";
  send(line, li);
});
field.addEventListener("input", forgive);
end?.addEventListener("submit", forget);
document.addEventListener("visibilitychange", visible);
window.addEventListener("pagehide", disconnect);
window.addEventListener("pageshow", visible);

for (const li of list.querySelectorAll("[data-id]")) {
  shown.add(li.dataset.id);
  last = li.dataset.id;
  if ("unseen" in li.dataset) post("/chat/seen", { id: li.dataset.id }).catch(() => {});
}
recall();
visible();
