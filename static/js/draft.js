// Autosave: a form[data-draft-url] is posted there after a pause in typing and says in
// [data-draft-state] whether the words are safe. Nothing about patients is kept in the browser.

import { loginAgain } from "./login.js";

// Kept 1.5 s after the last letter, and every 10 s of typing without a pause; an answer that takes
// longer than LATE counts as none.
const PAUSE = 1500;
const LONGEST = 10000;
const LATE = 1300;
const GIVE_UP = 10000;
const RETRY = [2000, 5000, 10000, 30000];
const TEXTS = {
  saving: "saving …", saved: "saved %t", unsaved: "not saved yet",
  failed: "NOT saved, trying again", login: "NOT saved: log in again",
  conflict: "NOT saved: changed elsewhere meanwhile. Save to compare",
};
const clock = () => new Date().toLocaleTimeString(document.documentElement.lang, {
  hour: "2-digit", minute: "2-digit", hourCycle: "h23",
});

class Draft {
  constructor(form) {
    this.form = form;
    this.state = form.querySelector("[data-draft-state]");
    this.tries = 0;
    this.changes = 0;
    form.addEventListener("input", () => this.changed());
    form.addEventListener("submit", () => { clearTimeout(this.timer); this.sent = true; });
    document.addEventListener("visibilitychange", () => {
      if (document.hidden && this.pending) this.save(true);
    });
    addEventListener("online", () => { if (this.pending) this.save(); });
  }

  get pending() { return !this.sent && this.form.isConnected && this.changes > 0; }

  say(state) {
    if (!this.state) return;
    const own = this.form.dataset[`text${state[0].toUpperCase()}${state.slice(1)}`];
    this.state.dataset.state = state;
    this.state.textContent = (own ?? TEXTS[state]).replace("%t", clock());
  }

  changed() {
    this.sent = false;
    this.changes += 1;
    if (this.stopped) return;
    if (this.tries === 0) this.say("unsaved");
    clearTimeout(this.timer);
    this.since ??= Date.now();
    const rest = Math.max(0, this.since + LONGEST - Date.now());
    this.timer = setTimeout(() => this.save(), Math.min(PAUSE, rest));
  }

  async save(leaving = false) {
    clearTimeout(this.timer);
    if (this.busy || this.stopped || !this.pending) return;
    this.busy = true;
    const upTo = this.changes;
    this.since = null;
    if (this.tries === 0) this.say("saving");
    const late = setTimeout(() => this.say("failed"), LATE);
    try {
      // csrfmiddlewaretoken is one of the form's fields.
      const answer = await fetch(this.form.dataset.draftUrl, {
        method: "POST", body: new FormData(this.form), keepalive: leaving, redirect: "manual",
        signal: AbortSignal.timeout(GIVE_UP),
        // Saving again what could not be saved is no sign that somebody is at work.
        headers: { "X-Requested-With": "fetch", ...(this.tries > 0 && { "X-Clinik-Poll": "1" }) },
      });
      await this.answered(answer, upTo);
    } catch {
      this.retry("failed");
    } finally {
      clearTimeout(late);
    }
    this.busy = false;
  }

  async answered(answer, upTo) {
    const json = answer.headers.get("content-type")?.includes("json");
    // 404 in words: the form was filled for somebody else, which trying again does not change.
    if (answer.status === 409 || (answer.status === 404 && json)) {
      this.stopped = true;
      this.say("conflict");
    } else if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) {
      // Refused again right after a login: it is not the login.
      if (this.renewed) return this.retry("failed");
      this.say("login");
      loginAgain().then(() => { this.renewed = true; this.tries = 0; this.save(); });
    } else if (!answer.ok) {
      this.retry("failed");
    } else {
      this.tries = 0;
      this.renewed = false;
      await this.takeVersion(answer);
      this.changes -= upTo;
      if (this.changes > 0) this.timer = setTimeout(() => this.save(), PAUSE);
      else this.form.dispatchEvent(new CustomEvent("clinik:saved", { bubbles: true }));
      this.say(this.changes > 0 ? "unsaved" : "saved");
    }
    return undefined;
  }

  async takeVersion(answer) {
    const field = this.form.elements[this.form.dataset.draftVersion ?? "draft_version"];
    if (!field || !answer.headers.get("content-type")?.includes("json")) return;
    const { version } = await answer.json();
    if (version !== undefined) field.value = version;
  }

  retry(state) {
    this.say(state);
    const wait = RETRY[Math.min(this.tries, RETRY.length - 1)];
    this.tries += 1;
    this.timer = setTimeout(() => this.save(), wait);
  }
}

const drafts = new Map();
function start() {
  for (const form of document.querySelectorAll("form[data-draft-url]")) {
    if (!drafts.has(form)) drafts.set(form, new Draft(form));
  }
  for (const form of drafts.keys()) if (!form.isConnected) drafts.delete(form);
}
start();
document.addEventListener("htmx:load", start);
addEventListener("beforeunload", (event) => {
  if ([...drafts.values()].some((draft) => draft.pending)) event.preventDefault();
});
