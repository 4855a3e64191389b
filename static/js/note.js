// A template or a part of the chart goes into the note where the caret is, without leaving the
// page; what was typed stays, Ctrl+Z and "Undo" take the text out again. Without script the same
// buttons send the form, which comes back with the text in it.

const SAVED = new WeakMap();
const area = (form) => form.elements.content;

// Through the browser's own editing, so that Ctrl+Z knows of it.
function replace(field, from, to, text) {
  field.focus();
  field.setSelectionRange(from, to);
  const done = text ? document.execCommand("insertText", false, text) : document.execCommand("delete");
  if (!done) {
    field.setRangeText(text, from, to, "end");
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }
}

function insert(form, { text, said, type }) {
  const field = area(form);
  const empty = !field.value.trim();
  const from = empty ? 0 : field.selectionStart;
  const to = empty ? field.value.length : field.selectionEnd;
  // Never over selected words: behind them.
  const at = empty ? 0 : to;
  const before = field.value.slice(0, at);
  const after = empty ? "" : field.value.slice(at);
  const lead = empty || /(^|\n\n)$/.test(before) ? "" : before.endsWith("\n") ? "\n" : "\n\n";
  const tail = empty || /^(\n|$)/.test(after) ? "" : "\n\n";
  const put = lead + text + tail;
  SAVED.set(form, { put, type: form.elements.type?.value });
  replace(field, empty ? from : at, empty ? to : at, put);
  if (type && form.elements.type) form.elements.type.value = type;
  // To the first gap that waits to be filled: the empty line under a heading.
  const gap = text.search(/:\n(\n|$)/);
  const caret = at + lead.length + (gap < 0 ? text.length : gap + 2);
  field.setSelectionRange(caret, caret);
  say(form, said);
  undoOf(form).hidden = false;
}

function takeOut(form) {
  const { put, type } = SAVED.get(form);
  const field = area(form);
  const at = field.value.indexOf(put);
  const texts = form.querySelector("[data-insert-said]").dataset;
  if (at < 0) return say(form, texts.textKept);
  replace(field, at, at + put.length, "");
  if (type && form.elements.type) form.elements.type.value = type;
  undoOf(form).hidden = true;
  return say(form, texts.textUndone);
}

const undoOf = (form) => form.querySelector("button[value=undo-template]");
function say(form, text) { form.querySelector("[data-insert-said]").textContent = text; }

async function ask(form, button) {
  const body = new FormData(form, button);
  try {
    const answer = await fetch(form.getAttribute("action") || location.href, {
      method: "POST", body, redirect: "error", headers: { "X-Requested-With": "fetch" },
    });
    const found = await answer.json();
    if (answer.ok) insert(form, found);
    else say(form, found.error);
  } catch {
    say(form, form.querySelector("[data-insert-said]").dataset.textFailed);
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-insert] button");
  if (!button || (button.value === "undo-template" && !SAVED.has(button.form))) return;
  event.preventDefault();
  if (button.value === "template") ask(button.form, button);
  else takeOut(button.form);
});

// Enter in the list of templates means "Insert", not "Save draft".
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches?.("[data-insert] select")) return;
  event.preventDefault();
  event.target.closest("[data-insert]").querySelector("button[value=template]").click();
});
