// The phone of the demo page, and the list of what has just happened.

import { bubble, element } from "./bubbles.js";

const phone = document.getElementById("phone");
const inbox = document.getElementById("inbox");
const list = inbox.querySelector("ol");
const nothing = document.getElementById("nothing");
const chooser = document.getElementById("number");
const latest = document.getElementById("latest");
const owner = document.getElementById("owner");
const status = document.getElementById("phone-status");
const suggestion = document.getElementById("suggestion");
const form = document.getElementById("write");
const field = document.getElementById("sms");
const moves = document.getElementById("moves");
const states = document.getElementById("states");

const words = JSON.parse(phone.dataset.words);
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const untilVisible = () =>
  document.visibilityState === "visible"
    ? Promise.resolve()
    : new Promise((done) => document.addEventListener("visibilitychange", done, { once: true }));

const NUMBERS_EVERY = 3000;
const FIRST_NUMBER_EVERY = 1000;
const ACTIVITY_EVERY = 2000;
const REST = 2000;
const TRIED = 10;

let reading = new AbortController();

async function ask(path, signal) {
  const limit = AbortSignal.timeout(30000);
  const answer = await fetch(path, { signal: signal ? AbortSignal.any([signal, limit]) : limit });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

// ── which phone ────────────────────────────────────────────────────────────────────────────────

const messagesOf = async (number, after, signal) =>
  (await ask(`/demo/phone/messages?${new URLSearchParams({ number, after })}`, signal)).messages;

function offer(numbers) {
  const chosen = chooser.value;
  const kept = !chosen || numbers.some((each) => each.number === chosen);
  const options = kept ? numbers : [{ number: chosen, shown: owner.textContent }, ...numbers];
  chooser.replaceChildren(...options.map((each) => new Option(each.shown, each.number, false, each.number === chosen)));
  chooser.disabled = latest.disabled = options.length === 0;
}

/** The phone that got a text last; one whose texts never arrive would be a dull thing to look at. */
async function latestOf(numbers) {
  for (const { number } of numbers.slice(0, TRIED)) {
    if ((await messagesOf(number, 0)).some((message) => message.has_arrived && !message.is_mine)) return number;
  }
  return numbers[0]?.number;
}

async function chooseLatest() {
  const { numbers } = await ask("/demo/phone/numbers");
  const number = await latestOf(numbers.filter((each) => each.number !== chooser.value));
  if (!number) return;
  chooser.value = "";
  offer(numbers);
  chooser.value = number;
  read();
}

async function watchNumbers() {
  for (;;) {
    await untilVisible();
    try {
      if (!chooser.value) await chooseLatest();
      // A list under the visitor's finger must not change.
      else if (document.activeElement !== chooser) offer((await ask("/demo/phone/numbers")).numbers);
      if (status.textContent === words.down) status.textContent = "";
    } catch {
      status.textContent = words.down;
    }
    await pause(chooser.value ? NUMBERS_EVERY : FIRST_NUMBER_EVERY);
  }
}

// ── its messages ───────────────────────────────────────────────────────────────────────────────

function put(li) {
  list.append(li);
  nothing.hidden = true;
  inbox.scrollTop = inbox.scrollHeight;
  return li;
}

function show(message) {
  if (!message.has_arrived) return;
  if (message.is_mine) {
    [...list.querySelectorAll(".pending")].find((li) => li.dataset.text === message.text)?.remove();
    put(bubble("mine", words.citizen, message.text, message.time));
    return;
  }
  put(bubble("theirs", message.sender, message.text, `${message.sender} · ${message.time}`));
  if (message.code) suggest(`HS ${message.code}`);
}

function suggest(text) {
  suggestion.replaceChildren(`${words.ask_about} `, element("strong", text));
  suggestion.dataset.text = text;
  suggestion.hidden = false;
}

async function read() {
  reading.abort();
  reading = new AbortController();
  owner.textContent = chooser.selectedOptions[0]?.textContent ?? "";
  list.replaceChildren();
  nothing.hidden = false;
  suggestion.hidden = true;
  status.textContent = "";
  await follow(chooser.value, reading.signal);
}

async function follow(number, signal) {
  let after = 0;
  while (!signal.aborted) {
    await untilVisible();
    try {
      const messages = await messagesOf(number, after, signal);
      if (signal.aborted) return;
      messages.forEach(show);
      status.textContent = "";
      if (!messages.length && !after) await pause(REST);
      after = Math.max(after, ...messages.map((message) => message.seq));
    } catch {
      if (signal.aborted) return;
      status.textContent = words.down;
      await pause(REST);
    }
  }
}

// ── asking back ────────────────────────────────────────────────────────────────────────────────

async function textBack(number, text) {
  const li = put(bubble("mine pending", words.citizen, text, words.sending));
  li.dataset.text = text;
  try {
    const answer = await fetch(`/demo/phone/send${location.search}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Form-Token": phone.dataset.token },
      body: JSON.stringify({ number, text }),
      signal: AbortSignal.timeout(30000),
    });
    if (!answer.ok) throw new Error((await answer.json()).sentence);
  } catch (failure) {
    li.classList.remove("pending");
    li.classList.add("unsent");
    li.querySelector("small").textContent = failure.name === "Error" ? failure.message : words.unsent;
    if (!field.value) field.value = text;
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = field.value.trim();
  if (!text || !chooser.value) return;
  field.value = "";
  textBack(chooser.value, text);
});
suggestion.addEventListener("click", () => {
  field.value = suggestion.dataset.text;
  field.focus();
});
chooser.addEventListener("change", read);
latest.addEventListener("click", () => chooseLatest().catch(() => (status.textContent = words.down)));

// ── what has just happened ─────────────────────────────────────────────────────────────────────

function tell({ states: rows, moves: lines }) {
  states.replaceChildren(
    ...rows.map((row) => {
      const tr = document.createElement("tr");
      tr.append(element("td", row.label), element("td", row.count.toLocaleString("vi-VN"), "number"));
      return tr;
    }),
  );
  if (!lines.length) return;
  moves.replaceChildren(
    ...lines.map((line) => {
      const li = document.createElement("li");
      li.append(element("time", line.time), element("span", line.text));
      return li;
    }),
  );
}

async function watchActivity() {
  for (;;) {
    await untilVisible();
    try {
      tell(await ask(`/demo/activity${location.search}`));
    } catch {
      // The next look will tell.
    }
    await pause(ACTIVITY_EVERY);
  }
}

watchNumbers();
watchActivity();
