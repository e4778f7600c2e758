// The citizen's phone: who she is stands in the address (#…), what she sees is asked for as it comes.

const $ = (id) => document.getElementById(id);
const WAIT = 25;
const AGAIN = 2000;
const SAME_NUMBER = /^(\+?84|0)\d{9}$/;

let about = { kind: "oa", name: "", has_phone: true };
let user = "";
let listening = null;

async function ask(path, body, signal) {
  const sent = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(`/_control/${path}`, { ...sent, signal });
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

async function act(path, body) {
  $("trouble").textContent = "";
  try {
    const { acknowledged } = await ask(`users/${user}/${path}`, body);
    if (!acknowledged && about.kind === "oa") $("trouble").textContent = "Hệ thống chưa xác nhận đã nhận sự kiện này.";
  } catch {
    $("trouble").textContent = "Không gửi được.";
  }
}

function made(tag, words = "", className = "") {
  const element = document.createElement(tag);
  element.textContent = words;
  element.className = className;
  return element;
}

function card(entry) {
  const box = made("div", "", "bubble card");
  const list = document.createElement("dl");
  for (const [name, value] of Object.entries(entry.values ?? {})) list.append(made("dt", name), made("dd", value));
  box.append(made("h2", `Tin theo mẫu ${entry.template_id}`), list);
  return box;
}

function form(entry) {
  const box = made("div", "", "bubble card");
  const share = $("form-card").content.cloneNode(true).querySelector("form");
  share.elements.name.value = $("called").value;
  if (SAME_NUMBER.test(user)) share.elements.phone.value = user;
  share.addEventListener("submit", (event) => {
    event.preventDefault();
    act("submit", Object.fromEntries(new FormData(share)));
  });
  box.append(made("p", entry.text), share);
  return box;
}

function file(entry) {
  const link = made("a", `${entry.file.name} (${Math.ceil(entry.file.size / 1024)} KB)`, "bubble");
  link.href = `/_control/files/${entry.file.token}`;
  link.download = entry.file.name;
  return link;
}

function shown(entry) {
  const line = made("li", "", entry.kind === "event" ? "event" : entry.by);
  const kinds = { template: card, form, file };
  line.append((kinds[entry.kind] ?? ((said) => made("p", said.text, "bubble")))(entry));
  const time = made("time", new Date(entry.at).toLocaleTimeString("vi-VN", { hour: "2-digit", minute: "2-digit" }));
  time.dateTime = entry.at;
  line.append(time);
  return line;
}

async function listen(signal) {
  let after = 0;
  let wait = 0;
  while (!signal.aborted) {
    try {
      const entries = await ask(`users/${user}/messages?after=${after}&wait=${wait}`, null, signal);
      for (const entry of entries) $("talk").append(shown(entry));
      if (entries.length) $("talk").scrollTop = $("talk").scrollHeight;
      after = entries.at(-1)?.seq ?? after;
      wait = WAIT;
    } catch {
      if (!signal.aborted) await new Promise((done) => setTimeout(done, AGAIN));
    }
  }
}

async function known() {
  const people = await ask("users");
  const options = people.map((one) => {
    const option = made("option", `${one.name} · ${one.phone ? `0${one.phone.slice(2)}` : one.user}`);
    option.value = one.user;
    return option;
  });
  const first = made("option", people.length ? "(chọn)" : "(chưa có ai)");
  first.value = "";
  $("known").replaceChildren(first, ...options);
}

function open() {
  const wanted = decodeURIComponent(location.hash.slice(1));
  if (!wanted || wanted === user) return;
  listening?.abort();
  listening = new AbortController();
  user = wanted;
  $("who").textContent = `Người dùng: ${user}`;
  $("talk").replaceChildren();
  $("people").open = false;
  listen(listening.signal);
}

function fresh() {
  const bytes = crypto.getRandomValues(new Uint8Array(10));
  if (!about.has_phone) return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `09${[...bytes].slice(0, 8).map((byte) => byte % 10).join("")}`;
}

$("known").addEventListener("change", () => {
  if ($("known").value) location.hash = $("known").value;
});

$("people").addEventListener("toggle", () => {
  if (!$("people").open) return;
  $("fresh").value = fresh();
  known().catch(() => {});
});

$("choose").addEventListener("submit", (event) => {
  event.preventDefault();
  location.hash = $("fresh").value.replace(/[^0-9a-z+]/g, "") || fresh();
});

$("write").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (!text || !user) return;
  $("text").value = "";
  act("say", { text, name: $("called").value });
});

for (const id of ["follow", "unfollow"]) $(id).addEventListener("click", () => act(id, {}));
addEventListener("hashchange", open);

about = await ask("about");
$("name").textContent = about.name;
$("acts").hidden = !about.has_phone;
if (!about.has_phone) $("fresh-label").textContent = "Mã người dùng mới";
if (!location.hash) location.hash = fresh();
open();
