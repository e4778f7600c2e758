// What the visitor wrote: kept by this window alone, until it is closed or the visitor has finished.

const KEEP = "motcua-wrote";
const MOST = 50;

let lines = [];
let isOver = false;

/** As it was shown: a second factor is never kept. `under` is the message below which it stood. */
export function remember({ shown, at, under }) {
  lines = [...lines, { shown, at, under }].slice(-MOST);
  if (isOver) return;
  try {
    sessionStorage.setItem(KEEP, JSON.stringify(lines));
  } catch {
    // A browser that keeps nothing still can ask.
  }
}

export function recall() {
  try {
    lines = JSON.parse(sessionStorage.getItem(KEEP) ?? "[]");
  } catch {
    lines = [];
  }
  return lines;
}

/** What is still on its way does not write itself down again. */
export function forget() {
  isOver = true;
  sessionStorage.removeItem(KEEP);
}
