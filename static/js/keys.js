// Single keys: the element carrying data-key="x" is clicked, or focused when it is a field.
// "/" finds, "?" lists. Never in a field, never with a modifier, never for who switched them off.

const off = document.body.dataset.keys === "off";
const list = document.getElementById("keys");
const FIELD = "input, textarea, select, [contenteditable], dialog[open], [role=listbox]";

function target(key) {
  if (key === "/") return document.getElementById("find");
  return [...document.querySelectorAll("[data-key]")].find(
    (node) => node.dataset.key === key && !node.disabled && node.getClientRects().length,
  );
}

document.addEventListener("keydown", (event) => {
  if (off || event.defaultPrevented || event.isComposing || event.repeat) return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest(FIELD)) return;
  if (event.key === "?" && list) {
    event.preventDefault();
    list.showModal();
    return;
  }
  const node = event.key.length === 1 && target(event.key);
  if (!node) return;
  event.preventDefault();
  if (node.matches("input, textarea, select")) {
    node.focus();
    node.select?.();
  } else {
    node.click();
  }
});

// <button data-dialog="id"> opens that <dialog>.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
});
for (const item of document.querySelectorAll("[data-keys-item]")) item.hidden = off;
