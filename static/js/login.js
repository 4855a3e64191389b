// The login ran out while somebody was writing: log in again on this page, in a dialog. What was
// typed never leaves the page; afterwards its forms hold the new login's token and go on.

const dialog = document.getElementById("login-again");
const form = dialog?.querySelector("form");
const said = dialog?.querySelector("[data-login-said]");
const LOGIN = form?.getAttribute("action");
let waiting = null;
dialog?.querySelector("[data-close]").addEventListener("click", () => dialog.close());
dialog?.addEventListener("close", () => { waiting = null; });

const read = async (url) => new DOMParser().parseFromString(await (await fetch(url)).text(), "text/html");
const tokenIn = (page) => page.querySelector("[name=csrfmiddlewaretoken]")?.value;

function renew(token) {
  for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = token;
  document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": token }));
}

// True where this person is logged in after all (in another tab): their forms are renewed.
async function isBack() {
  const page = await read(form.dataset.own);
  const name = page.querySelector("#login-again [name=login]")?.value;
  if (name !== form.elements.login.value) return false;
  renew(tokenIn(page));
  return true;
}

// Resolves once the person of this page is logged in again.
export function loginAgain() {
  if (!dialog) return new Promise(() => {});
  waiting ??= new Promise((done) => {
    (async () => {
      if (await isBack()) return finish();
      said.textContent = "";
      form.elements.password.value = "";
      if (!dialog.open) dialog.showModal();
      form.elements.password.focus();
    })().catch(() => { waiting = null; });
    function finish() {
      if (dialog.open) dialog.close();
      waiting = null;
      done();
    }
    form.onsubmit = async (event) => {
      event.preventDefault();
      event.stopPropagation();
      said.textContent = "";
      try {
        const body = new FormData(form);
        // Nothing where the cookie is still a login's: then isBack() says so.
        const token = tokenIn(await read(LOGIN));
        if (token) body.set("csrfmiddlewaretoken", token);
        const answer = await fetch(LOGIN, {
          method: "POST", body, headers: { "X-Requested-With": "XMLHttpRequest" },
        });
        if (await isBack()) return finish();
        // Right, but a second step is asked for: that has a page of its own.
        said.textContent = answer.ok ? form.dataset.textSecond : form.dataset.textWrong;
      } catch {
        said.textContent = form.dataset.textFailed;
      }
      form.elements.password.select();
      return undefined;
    };
  });
  return waiting;
}

// An answer that is the login page replaces nothing.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (!LOGIN || !new URL(event.detail.xhr.responseURL || "/", location.href).pathname.startsWith(LOGIN)) return;
  event.detail.shouldSwap = false;
  if (event.detail.requestConfig.verb !== "get" || !document.hidden) loginAgain();
});
