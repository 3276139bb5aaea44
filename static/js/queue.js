/* The queue's acts without a tick are about the row one stands on. Nothing here moves money. */
(() => {
  "use strict";
  let stood = "", ticked = [];
  document.addEventListener("focusin", ({ target }) => {
    const box = target.closest("#chosen tbody tr")?.querySelector(".select-cell input");
    if (box) stood = box.id;
  });
  // What is ticked stays ticked when the list comes anew, as far as it is still in it.
  document.addEventListener("htmx:beforeSwap", () => {
    ticked = [...document.querySelectorAll("#chosen tbody .select-cell :checked")].map(({ id }) => id);
  });
  document.addEventListener("htmx:afterSwap", () => ticked.forEach((id) => {
    const box = document.getElementById(id);
    if (box) box.checked = true;
  }));
  document.addEventListener("submit", ({ target }) => {
    if (target.id !== "chosen" || target.elements.scope.checked || target.querySelector("tbody .select-cell :checked")) return;
    const box = document.getElementById(stood) || target.querySelector("tbody .select-cell input");
    if (box) box.click();
  }, true);
})();
