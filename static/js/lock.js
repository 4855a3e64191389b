// Left alone, the screen locks: the names go, the page and what was typed in it stay. The tabs of a
// browser count together; a poll is no use of the page. The server locks by its own clock too, so a
// page without this script is locked by its next request.

import { say } from "./form.js";
import { loginAgain, lookAgain, state, texts } from "./login.js";

const IDLE = Number(texts.idle) * 1000;
const TELL_EVERY = 60000;
const CHECK_EVERY = 5000;
const SEEN = "clinik-seen";
const channel = new BroadcastChannel("clinik");
let told = Date.now();
let touched = Date.now();
let locked = false;

const lastTouch = () => Math.max(touched, Number(localStorage.getItem(SEEN)) || 0);

function lockHere(lock = null) {
  if (locked) return;
  locked = true;
  loginAgain({ sure: true, lock }).then(() => {
    locked = false;
    touched = told = Date.now();
    localStorage.setItem(SEEN, touched);
    channel.postMessage("back");
  });
}

// The page first, so that nothing is seen while the server is told.
function lock(idle) {
  const body = new FormData();
  body.set("csrfmiddlewaretoken", document.querySelector("#login-again [name=csrfmiddlewaretoken]").value);
  if (idle) body.set("idle", "1");
  lockHere(() => fetch(texts.lockUrl, { method: "POST", body, redirect: "manual", keepalive: true }));
  channel.postMessage("locked");
}

// Whether the login still holds; tells the server that somebody is at work.
let telling = null;
function tell() {
  telling ??= state(false).then(({ mine }) => {
    if (mine) told = Date.now();
    else lockHere();
    return mine;
  }).finally(() => { telling = null; });
  return telling;
}

function check() {
  if (!locked && Date.now() - lastTouch() > IDLE) lock(true);
}

function touch() {
  const now = Date.now();
  if (locked || now - touched < 1000) return;
  // Awake again after a long sleep: the first touch does not unlock.
  if (now - lastTouch() > IDLE) return check();
  touched = now;
  localStorage.setItem(SEEN, now);
  if (now - told > TELL_EVERY) tell().catch(() => {});
  return undefined;
}

// A form that waited long is sent once the login is known to hold: a page of its own instead would
// lose what was typed.
const passed = new WeakSet();
async function send(form, submitter) {
  try {
    if (!(await tell())) await loginAgain();
  } catch {
    say(document.body.dataset.textNotSaved ?? texts.textFailed);
    return;
  }
  if (!form.isConnected) return;
  passed.add(form);
  form.requestSubmit(submitter?.isConnected ? submitter : null);
  passed.delete(form);
}
function guard(event) {
  const form = event.target;
  if (form.matches("[data-lock]")) {
    event.preventDefault();
    event.stopImmediatePropagation();
    lock(false);
  } else if (form.matches("[data-log-out]")) {
    channel.postMessage("locked");
  } else if (form.method === "post" && !form.closest("#login-again")) {
    if (passed.has(form) || Date.now() - told < TELL_EVERY) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    send(form, event.submitter);
  }
}

if (IDLE) {
  channel.onmessage = ({ data }) => (data === "locked" ? lockHere() : lookAgain());
  for (const type of ["pointerdown", "pointermove", "keydown", "wheel", "touchstart", "input"]) {
    document.addEventListener(type, touch, { capture: true, passive: true });
  }
  document.addEventListener("submit", guard, true);
  document.addEventListener("visibilitychange", check);
  addEventListener("focus", check);
  addEventListener("pageshow", (event) => { if (event.persisted) tell().catch(() => {}); });
  localStorage.setItem(SEEN, touched);
  // A page was opened, so this person is logged in: the other tabs look for themselves.
  channel.postMessage("back");
  setInterval(check, CHECK_EVERY);
}
