// Suggestions under a text field, after the ARIA combobox pattern. Serves the find box
// (form[data-find-url]; options carry data-url) and fields (.combo[data-combo-url]; data-value).
// Enter acts only on the answer to the text as typed; while a newer answer is on its way, it waits.
// When the server cannot be reached Enter sends the form, as it does without script.

const PAUSE = 120;
let serial = 0;

class Suggestions {
  constructor(box, url, input, list) {
    Object.assign(this, { box, url, input, list, status: box.querySelector("[role=status]") });
    this.shownFor = null;
    this.enterWaits = false;
    list.id ||= `suggestions-${++serial}`;
    const attributes = {
      role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false",
      "aria-controls": list.id, autocomplete: "off",
    };
    for (const [name, value] of Object.entries(attributes)) input.setAttribute(name, value);
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
  get options() { return [...this.list.querySelectorAll("[role=option]")]; }
  get active() { return this.list.querySelector("[aria-selected=true]"); }

  typed() {
    clearTimeout(this.timer);
    this.enterWaits = false;
    this.failed = false;
    this.highlight(null);
    const value = this.box.querySelector("[data-combo-value]");
    if (value) value.value = "";
    if (!this.text) {
      this.abort?.abort();
      this.shownFor = null;
      this.close();
      return;
    }
    this.timer = setTimeout(() => this.fetch(), PAUSE);
  }

  async fetch() {
    clearTimeout(this.timer);
    const text = this.text;
    this.abort?.abort();
    const abort = this.abort = new AbortController();
    try {
      const url = new URL(this.url, location.href);
      url.searchParams.set("q", text);
      const answer = await fetch(url, {
        signal: abort.signal, headers: { "HX-Request": "true", "X-Clinik-Find": "1" },
      });
      if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
      const html = await answer.text();
      if (text === this.text) this.show(html, text);
    } catch (error) {
      if (error.name === "AbortError") return;
      this.close();
      this.enterWaits = false;
      this.failed = true;
      this.say(this.box.dataset.textFailed);
    }
  }

  show(html, text) {
    const answer = new DOMParser().parseFromString(html, "text/html");
    const given = answer.querySelector("[role=listbox]");
    const own = this.list.matches("ul");
    if (own) this.list.replaceChildren(...(given?.childNodes ?? []));
    else this.list.replaceChildren(...answer.body.childNodes);
    if (own) this.list.setAttribute("role", "listbox");
    const listbox = own ? this.list : this.list.querySelector("[role=listbox]");
    if (listbox) {
      listbox.id ||= `${this.list.id}-box`;
      this.input.setAttribute("aria-controls", listbox.id);
    }
    this.options.forEach((option, index) => { option.id ||= `${this.list.id}-${index}`; });
    this.shownFor = text;
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    const ambiguous = given?.dataset.ambiguous === "true";
    const people = this.options.filter((option) => !option.matches(".suggestion-register"));
    this.highlight(ambiguous ? null : this.options[0]);
    const texts = this.box.dataset;
    const found = ambiguous ? texts.textAmbiguous : texts.textFound;
    this.say(people.length ? found?.replace("%n", people.length) : texts.textNone);
    if (this.enterWaits) {
      this.enterWaits = false;
      if (this.active) this.choose(this.active);
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
    const open = !this.list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (open && this.shownFor === this.text) this.move(event.key === "ArrowDown" ? 1 : -1);
      else this.fetch();
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      this.close();
    } else if (event.key === "Enter" && this.text) {
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
    if (option.dataset.url) {
      location.assign(option.dataset.url);
      return;
    }
    const value = this.box.querySelector("[data-combo-value]");
    this.input.value = option.dataset.text ?? option.textContent.trim();
    if (value) value.value = option.dataset.value ?? "";
    this.shownFor = this.text;
    this.close();
    (value ?? this.input).dispatchEvent(new Event("change", { bubbles: true }));
  }
}

const known = new WeakSet();
function start(root) {
  for (const box of root.querySelectorAll("[data-find-url], [data-combo-url]")) {
    if (known.has(box)) continue;
    known.add(box);
    const { findUrl, comboUrl } = box.dataset;
    const input = box.querySelector(findUrl ? ".find-input" : "[data-combo-text]");
    const list = box.querySelector(findUrl ? ".find-list" : ".suggestions");
    if (input && list) new Suggestions(box, findUrl ?? comboUrl, input, list);
  }
}
start(document);
document.addEventListener("htmx:load", (event) => start(event.detail.elt.parentElement ?? document));
