// Forms: each is sent once, leaving with unsent text asks first, errors take the focus, and a
// request that fails says so while the form keeps its words.

const sent = new WeakSet();
const dirty = new Set();

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (sent.has(form)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  sent.add(form);
  dirty.delete(form);
  event.submitter?.setAttribute("aria-busy", "true");
});

function release(form) {
  sent.delete(form);
  for (const button of form.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
}

// Back from the browser's cache: the form can be sent again.
addEventListener("pageshow", () => {
  for (const form of document.forms) release(form);
});

// Only what sends the form itself: a list of likely duplicates, asked for while typing, does not.
const formOf = (node) => (node?.matches?.("form, button") ? node.closest("form") : null);
document.addEventListener("htmx:beforeRequest", (event) => {
  const form = formOf(event.detail.elt);
  if (!form || event.detail.requestConfig.verb === "get") return;
  if (sent.has(form)) event.preventDefault();
  else sent.add(form);
});
document.addEventListener("htmx:afterRequest", (event) => {
  const form = formOf(event.detail.elt);
  if (!form || event.detail.requestConfig.verb === "get") return;
  release(form);
  if (event.detail.successful) dirty.delete(form);
});

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (form?.matches("[data-warn-unsaved]")) dirty.add(form);
});
document.addEventListener("clinik:saved", (event) => dirty.delete(event.target));
addEventListener("beforeunload", (event) => {
  if ([...dirty].some((form) => form.isConnected)) event.preventDefault();
});

export function say(text) {
  document.getElementById("failure")?.remove();
  const bar = document.createElement("div");
  bar.id = "failure";
  bar.className = "bar bar-critical";
  bar.setAttribute("role", "alert");
  bar.textContent = `▼▼ ${text}`;
  document.getElementById("main").prepend(bar);
  bar.scrollIntoView({ block: "nearest" });
}
const texts = document.body.dataset;
document.addEventListener("htmx:sendError", (event) => {
  if (event.detail.requestConfig?.verb !== "get") say(texts.textNotSaved);
});
document.addEventListener("htmx:responseError", ({ detail: { requestConfig, xhr } }) => {
  if (requestConfig?.verb === "get") return;
  // Bare words are for the person: the form was filled for somebody else.
  const words = xhr.getResponseHeader("Content-Type")?.startsWith("text/plain");
  if (words) say(xhr.responseText);
  // Reloading, which a refusal advises, would lose what was typed.
  else say(xhr.status > 501 ? texts.textUnavailable : texts.textRefused);
});
document.addEventListener("htmx:afterSwap", () => document.getElementById("failure")?.remove());

function showErrors(root) {
  const found = root.querySelector("[data-error-summary]");
  if (found) found.focus();
  else root.querySelector(".is-invalid")?.focus();
}
showErrors(document);

// After a swap the focus stays where the work is: at the errors, at the first field that waits to
// be filled, else at the section's heading. What was saved is said.
const FIELD = ".section-form :is(input:not([type=hidden]), select, textarea)";
function takeFocus(root) {
  const fields = [...root.querySelectorAll(FIELD)].filter((field) => field.getClientRects().length);
  const first = fields.find((field) => field.required && !field.value) ?? fields[0];
  const heading = root.querySelector("h2");
  if (first) first.focus();
  else if (heading) {
    heading.tabIndex = -1;
    heading.focus();
  }
}
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  const root = detail.elt;
  showErrors(root);
  const asked = detail.requestConfig?.elt?.matches("a, button, form");
  if (asked && !root.contains(document.activeElement)) takeFocus(root);
  const status = document.getElementById("said");
  const heading = root.querySelector("h2");
  if (!status || !heading || !detail.successful || !formOf(detail.requestConfig?.elt)) return;
  status.textContent = status.dataset.textSaved.replace("%s", heading.textContent.trim());
});

// Menus close on Esc, on a click elsewhere and when the focus leaves them.
function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(except)) menu.open = false;
  }
}
document.addEventListener("click", (event) => closeMenus(event.target));
document.addEventListener("focusin", (event) => closeMenus(event.target));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.activeElement?.closest("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
