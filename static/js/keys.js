/* A form with data-key (“create” or “get”) asks the browser for a security key when it is sent. */
(() => {
  "use strict";
  const able = "credentials" in navigator && "toJSON" in (window.PublicKeyCredential?.prototype ?? {});
  document.addEventListener("submit", async (event) => {
    const form = event.target, { credential } = form.elements;
    if (!form.dataset.key || credential.value) return;
    event.preventDefault();
    const problem = form.querySelector("[data-key-problem]");
    problem.hidden = true;
    try {
      if (!able) throw new Error();
      const create = form.dataset.key === "create";
      const { publicKey } = JSON.parse(form.dataset.options);
      const options = create ? PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) : PublicKeyCredential.parseRequestOptionsFromJSON(publicKey);
      const found = await navigator.credentials[create ? "create" : "get"]({ publicKey: options });
      credential.value = JSON.stringify(found);
      form.submit();
    } catch {
      problem.hidden = false;
      problem.focus();
    }
  }, true);
})();
