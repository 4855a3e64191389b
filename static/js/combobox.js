// Suggestions under a text field: an ARIA 1.2 combobox with a listbox, filled by the server.
//
//   <div class="combo" data-combobox="/medications/find/" data-text-found="%n found" ...>
//     <input data-combobox-input name="medication">
//     <input data-combobox-value type="hidden" name="medication_id">      (if a key is stored too)
//     <ul class="suggestions" data-combobox-list hidden></ul>
//     <span class="visually-hidden" role="status" aria-live="polite"></span>
//     <button data-combobox-fallback name="find">Search</button>          (only without script)
//   </div>
//
// On the box (any element, a form too):
//   data-combobox             the address asked with ?q=TEXT while typing
//   data-combobox-idle        ArrowDown in an empty field asks too (the answer: what I use most)
//   data-text-found           said of the answer, %n = how many; -none, -failed, -ambiguous likewise
// The answer is HTML with one <ul role="listbox" aria-label="...">, of which the rows are taken;
// data-ambiguous="true" on it: none is chosen until an arrow key chooses. On an option
// (<li role="option">):
//   data-url                  choosing it goes there
//   data-text, data-value     else the field says this text (default: what the row says) and the
//                             hidden value is this (default: empty); then the field gets "change"
//   data-fill                 further fields of the form as JSON, {"name": "value"}
//   data-extra                not counted as found ("Register new", "Keep as words")
// Enter acts only on the answer to the text as typed; while a newer answer is on its way, it waits,
// and sends the form if nothing is found.
// Esc closes the list and keeps the text: Enter then sends the form. When the server cannot be
// reached Enter sends the form, as it does without script. Other rows (no role) are notes.

const PAUSE = 120;
let serial = 0;

class Combobox {
  constructor(box, input, list) {
    Object.assign(this, { box, input, list, status: box.querySelector("[role=status]") });
    this.value = box.querySelector("[data-combobox-value]");
    this.shownFor = null;
    this.enterWaits = false;
    list.id ||= `suggestions-${++serial}`;
    list.setAttribute("role", "listbox");
    const attributes = {
      role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false",
      "aria-controls": list.id, autocomplete: "off",
    };
    for (const [name, value] of Object.entries(attributes)) input.setAttribute(name, value);
    // A hidden button would still be the one that Enter presses.
    box.querySelector("[data-combobox-fallback]")?.remove();
    input.addEventListener("input", () => this.typed());
    input.addEventListener("keydown", (event) => this.key(event));
    input.addEventListener("blur", () => setTimeout(() => this.close(), 150));
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option && !event.target.closest("a")) this.choose(option);
    });
  }

  get text() { return this.input.value.trim(); }
  get idle() { return "comboboxIdle" in this.box.dataset; }
  get options() { return [...this.list.querySelectorAll("[role=option]")]; }
  get active() { return this.list.querySelector("[aria-selected=true]"); }
  get open() { return !this.list.hidden; }

  typed() {
    this.forget();
    this.failed = false;
    this.highlight(null);
    if (this.value) this.value.value = "";
    if (this.text) this.timer = setTimeout(() => this.fetch(), PAUSE);
    else this.close();
  }

  // No answer is waited for any more, and none fits the text.
  forget() {
    clearTimeout(this.timer);
    this.abort?.abort();
    this.abort = null;
    this.enterWaits = false;
    this.shownFor = null;
  }

  async fetch() {
    clearTimeout(this.timer);
    const text = this.text;
    this.abort?.abort();
    const abort = this.abort = new AbortController();
    try {
      const url = new URL(this.box.dataset.combobox, location.href);
      url.searchParams.set("q", text);
      const answer = await fetch(url, {
        signal: abort.signal, headers: { "HX-Request": "true", "X-Clinik-Find": "1" },
      });
      if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
      const html = await answer.text();
      if (text === this.text && abort === this.abort) this.show(html, text);
    } catch (error) {
      if (error.name === "AbortError") return;
      this.close();
      this.enterWaits = false;
      this.failed = true;
      this.say(this.box.dataset.textFailed);
    }
  }

  show(html, text) {
    const given = new DOMParser().parseFromString(html, "text/html").querySelector("[role=listbox]");
    this.list.replaceChildren(...(given?.childNodes ?? []));
    this.list.setAttribute("aria-label", given?.getAttribute("aria-label") ?? "");
    this.options.forEach((option, index) => { option.id ||= `${this.list.id}-${index}`; });
    this.abort = null;
    this.shownFor = text;
    this.list.hidden = this.list.childElementCount === 0;
    this.input.setAttribute("aria-expanded", String(this.open));
    const ambiguous = given?.dataset.ambiguous === "true";
    this.highlight(ambiguous ? null : this.options[0]);
    const found = this.options.filter((option) => !("extra" in option.dataset)).length;
    const texts = this.box.dataset;
    const words = ambiguous ? texts.textAmbiguous : texts.textFound;
    this.say(found ? words?.replace("%n", found) : texts.textNone);
    if (this.enterWaits) {
      this.enterWaits = false;
      if (this.active) this.choose(this.active);
      else if (!this.options.length) this.input.form?.requestSubmit();
    }
  }

  say(text) { if (this.status) this.status.textContent = text ?? ""; }

  highlight(option) {
    for (const other of this.options) other.setAttribute("aria-selected", String(other === option));
    if (option) {
      this.input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else {
      this.input.removeAttribute("aria-activedescendant");
    }
  }

  close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.highlight(null);
  }

  move(step) {
    const options = this.options;
    const at = options.indexOf(this.active);
    const next = at < 0 && step < 0 ? options.length - 1 : at + step;
    this.highlight(options[(next + options.length) % options.length] ?? null);
  }

  key(event) {
    if (event.isComposing) return;
    const { open } = this;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!this.text && !this.idle) return;
      event.preventDefault();
      if (open && this.shownFor === this.text) this.move(event.key === "ArrowDown" ? 1 : -1);
      else this.fetch();
    } else if (event.key === "Escape" && (open || this.shownFor !== this.text)) {
      if (open) event.preventDefault();
      this.forget();
      this.shownFor = this.text;
      this.close();
    } else if (event.key === "Enter" && (this.text || open)) {
      this.enter(event, open);
    }
  }

  enter(event, open) {
    if (open && this.shownFor === this.text) {
      // Several sound alike and none is chosen: Enter must not pick one.
      event.preventDefault();
      if (this.active) this.choose(this.active);
    } else if (this.shownFor !== this.text && !this.failed) {
      event.preventDefault();
      this.enterWaits = true;
      this.fetch();
    }
  }

  choose(option) {
    const { url, text, value, fill } = option.dataset;
    if (url) {
      location.assign(url);
      return;
    }
    this.input.value = text ?? option.textContent.trim();
    if (this.value) this.value.value = value ?? "";
    for (const [name, words] of Object.entries(JSON.parse(fill ?? "{}"))) {
      const field = this.input.form?.elements.namedItem(name);
      if (field) field.value = words;
    }
    this.forget();
    this.shownFor = this.text;
    this.close();
    (this.value ?? this.input).dispatchEvent(new Event("change", { bubbles: true }));
  }
}

const known = new WeakSet();
function start(root) {
  for (const box of root.querySelectorAll("[data-combobox]")) {
    if (known.has(box)) continue;
    known.add(box);
    const input = box.querySelector("[data-combobox-input]");
    const list = box.querySelector("[data-combobox-list]");
    // Text that was there before is no question: Enter sends it.
    if (input && list) new Combobox(box, input, list).shownFor = input.value.trim() || null;
  }
}
start(document);
document.addEventListener("htmx:load", (event) => start(event.detail.elt.parentElement ?? document));
