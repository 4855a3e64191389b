// What a security key did not do is said on the page: allauth's scripts leave it in the console.

const said = document.querySelector("[data-key-said]");

document.addEventListener("allauth.error", (event) => {
  if (!said) return;
  event.preventDefault();
  const { textFailed, textKnown, textNone } = said.dataset;
  const known = event.detail.exception?.name === "InvalidStateError";
  said.textContent = `▲ ${!window.PublicKeyCredential ? textNone : known ? textKnown : textFailed}`;
});
