// The board keeps itself fresh: every 20 s it asks with the version it shows; 204 is "unchanged".
// After two missed polls it says since when it is not updating. It rests while the tab is hidden.

const EVERY = 20000;
const ALLOWED_MISSES = 2;
let misses = 0;
let timer;
let lastGood = new Date();
const board = () => document.querySelector("[data-poll-url]");

function time(at, zone) {
  return at.toLocaleTimeString(document.documentElement.lang, {
    hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone || undefined,
  });
}

function tick() {
  for (const node of document.querySelectorAll("[data-clock]")) {
    node.textContent = time(new Date(), node.dataset.zone);
  }
}

function stale() {
  const text = board().dataset.textStale ?? "NOT updating since %t";
  let bar = document.getElementById("stale");
  if (!bar) {
    bar = document.createElement("div");
    bar.id = "stale";
    bar.className = "bar bar-critical";
    bar.setAttribute("role", "alert");
    document.getElementById("main").prepend(bar);
  }
  bar.textContent = `▼▼ ${text.replace("%t", time(lastGood, board().dataset.zone))}`;
}

function fresh() {
  misses = 0;
  lastGood = new Date();
  document.getElementById("stale")?.remove();
  for (const node of document.querySelectorAll("[data-updated]")) {
    node.textContent = time(lastGood, board().dataset.zone);
  }
}

// A menu, a list or a form in use must not vanish under the hand.
const inUse = (old) => old.querySelector("details.menu[open], :is(input, textarea, select):focus:not(.board-radio)");

function replace(html) {
  const old = board();
  const next = new DOMParser().parseFromString(html, "text/html").querySelector("[data-poll-url]");
  if (!next) throw new Error("no board in the answer");
  const tab = old.querySelector(".board-radio:checked")?.id;
  const open = [...old.querySelectorAll("details[id][open]")].map((node) => node.id);
  const focused = document.activeElement;
  const holder = old.contains(focused) ? focused.closest("[id]")?.id : null;
  const same = holder && focused.matches("a, button") && focused.tagName.toLowerCase();
  old.replaceWith(next);
  if (tab && document.getElementById(tab)) document.getElementById(tab).checked = true;
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  const place = holder && document.getElementById(holder);
  if (place) (same ? place.querySelector(same) ?? place : place).focus({ preventScroll: true });
  globalThis.htmx?.process(next);
}

async function poll() {
  clearTimeout(timer);
  const now = board();
  if (!now || document.hidden) return;
  try {
    const url = new URL(now.dataset.pollUrl, location.href);
    url.searchParams.set("version", now.dataset.version ?? "");
    const answer = await fetch(url, {
      headers: { "X-Clinik-Poll": "1", "HX-Request": "true" }, redirect: "error",
      cache: "no-store", signal: AbortSignal.timeout(EVERY - 2000),
    });
    if (answer.status !== 204) {
      if (!answer.ok) throw new Error(String(answer.status));
      const html = await answer.text();
      if (!inUse(board())) replace(html);
    }
    fresh();
  } catch {
    misses += 1;
    if (misses >= ALLOWED_MISSES) stale();
  }
  timer = setTimeout(poll, EVERY);
}

document.addEventListener("visibilitychange", () => {
  clearTimeout(timer);
  tick();
  if (!document.hidden) poll();
});
tick();
setInterval(tick, 5000);
timer = setTimeout(poll, EVERY);
