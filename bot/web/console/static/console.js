// The few things a page does better with a script: it stays fresh, asks before what cannot be undone, and shows the
// first mistake. Everything works without it.
"use strict";

// An element with data-live="/path" is replaced by what that address answers, again and again, while the page is seen.
// The slower the answer, the longer the pause: a busy server is not asked more often because it is busy.
for (const first of document.querySelectorAll("[data-live]")) {
  let element = first;
  const look = async () => {
    if (!document.hidden && !element.contains(document.activeElement)) {
      const began = performance.now();
      try {
        const answer = await fetch(element.dataset.live, { headers: { "X-Live": "1" }, credentials: "same-origin" });
        if (answer.status === 401) {
          location.reload();
          return;
        }
        if (answer.ok) {
          const box = document.createElement("template");
          box.innerHTML = await answer.text();
          const fresh = box.content.firstElementChild;
          if (fresh) {
            element.replaceWith(fresh);
            element = fresh;
          }
        }
      } catch {
        // The next time may work.
      }
      pause = Math.max(2000, 20 * (performance.now() - began));
    }
    if (element.dataset.live) setTimeout(look, pause);
  };
  let pause = 2000;
  setTimeout(look, pause);
}

// What cannot be undone is asked once more: <button data-sure="…">.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-sure]");
  if (button && !confirm(button.dataset.sure)) event.preventDefault();
});

// A form is sent once, however often the button is pressed.
document.addEventListener("submit", (event) => {
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "1";
});
addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});

// Boxes that tick all others of a form: <input type="checkbox" data-all="name">.
document.addEventListener("change", (event) => {
  const name = event.target.dataset.all;
  if (!name) return;
  for (const box of event.target.form.querySelectorAll(`input[type=checkbox][name="${name}"]`)) {
    box.checked = event.target.checked;
  }
});

document.querySelector("[data-focus]")?.focus();
