// The login ran out while somebody was at work: log in again on this page, in a dialog. What was
// typed never leaves the page; afterwards its forms hold the new login's token and go on.

const dialog = document.getElementById("login-again");
const form = dialog?.querySelector("form");
const said = dialog?.querySelector("[data-login-said]");
export const texts = form?.dataset ?? {};
const LOGIN = form?.getAttribute("action");
const ME = texts.user;
let waiting = null;
let finish = null;
// What has to reach the server before a login is looked for: a lock that was asked for.
let first = null;
// The lock cannot be pressed away.
dialog?.addEventListener("cancel", (event) => event.preventDefault());
dialog?.addEventListener("close", () => { if (waiting) dialog.showModal(); });

// Who is logged in in this browser; `poll` where nobody has touched anything.
export async function state(poll = true) {
  const answer = await fetch(texts.stateUrl, {
    cache: "no-store", headers: poll ? { "X-Clinik-Poll": "1" } : {},
  });
  if (!answer.ok) throw new Error(String(answer.status));
  const found = await answer.json();
  return { token: found.token, mine: String(found.user) === ME, nobody: found.user === null };
}

function renew(token) {
  for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = token;
  if (document.body.hasAttribute("hx-headers")) {
    document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": token }));
  }
}

// Ends the waiting where this person is logged in after all, here or in another tab.
async function goOnIfBack() {
  await first?.();
  first = null;
  const now = await state();
  if (!now.mine) return now;
  renew(now.token);
  finish?.();
  return now;
}

function show(step) {
  for (const part of form.querySelectorAll("[data-step]")) {
    part.hidden = part.dataset.step !== step;
    const field = part.querySelector("input");
    field.disabled = part.hidden;
    field.value = "";
    if (!part.hidden) field.focus();
  }
  form.dataset.step = step;
}

async function send(token) {
  const second = form.dataset.step === "code";
  const body = new FormData(form);
  body.set("csrfmiddlewaretoken", token);
  const answer = await fetch(second ? texts.secondUrl : LOGIN, {
    method: "POST", body, redirect: "manual",
    headers: second ? {} : { "X-Requested-With": "XMLHttpRequest" },
  });
  if (second) return answer.type === "opaqueredirect" ? "" : texts.textWrongCode;
  // A redirect: the password was right before, and the second step was left open.
  if (answer.type === "opaqueredirect") return "code";
  const found = await answer.json();
  if (answer.ok) return found.location?.startsWith(texts.secondUrl) ? "code" : "";
  return (found.form?.errors ?? []).join(" ") || texts.textWrong;
}

async function submitted(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
  said.textContent = "";
  try {
    const before = await goOnIfBack();
    if (before.mine) return;
    if (!before.nobody) {
      said.textContent = texts.textOther;
      return;
    }
    const problem = await send(before.token);
    if (problem === "code") {
      show("code");
      said.textContent = texts.textCode;
    } else if (!(await goOnIfBack()).mine) {
      said.textContent = problem || texts.textWrong;
      show(form.dataset.step);
    }
  } catch {
    said.textContent = texts.textFailed;
  }
}
// Before the guard that lets each form be sent once.
document.addEventListener("submit", (event) => { if (event.target === form) submitted(event); }, true);

// Nothing of the page is shown meanwhile, nor read out: it holds names.
function hide() {
  const title = document.title;
  const address = location.href;
  document.title = texts.textTitle;
  document.documentElement.toggleAttribute("data-locked", true);
  if (location.search) history.replaceState(history.state, "", location.pathname);
  return () => {
    document.title = title;
    document.documentElement.toggleAttribute("data-locked", false);
    if (location.href !== address) history.replaceState(history.state, "", address);
  };
}

// Resolves once the person of this page is logged in again. `sure`: the login is known to be over;
// `lock`: what ends it.
export function loginAgain({ sure = false, lock = null } = {}) {
  if (!dialog) return new Promise(() => {});
  waiting ??= new Promise((done) => {
    const focused = document.activeElement;
    let reveal = null;
    finish = () => {
      waiting = finish = null;
      reveal?.();
      if (dialog.open) dialog.close();
      if (reveal && focused?.isConnected) focused.focus();
      done();
    };
    const ask = () => {
      if (!finish) return;
      reveal = hide();
      said.textContent = "";
      dialog.showModal();
      show("password");
    };
    if (sure) {
      ask();
      first = lock;
      lock?.().then(() => { first = null; }, () => {});
    }
    else goOnIfBack().then((now) => { if (!now.mine) ask(); }, () => { waiting = finish = null; });
  });
  return waiting;
}

// Finished in another tab, with a security key perhaps.
export const lookAgain = () => { if (waiting) goOnIfBack().catch(() => {}); };

// An answer that is the login page replaces nothing; what was asked for is asked again afterwards.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (!LOGIN || !new URL(detail.xhr.responseURL || "/", location.href).pathname.startsWith(LOGIN)) return;
  detail.shouldSwap = false;
  const { elt, verb } = detail.requestConfig;
  loginAgain().then(() => {
    if (verb !== "get" && elt.matches("form") && elt.isConnected) elt.requestSubmit();
  });
});
