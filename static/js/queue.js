/* The queue's acts without a tick are about the row one stands on. Nothing here moves money. */
(() => {
  "use strict";
  let stood = "";
  document.addEventListener("focusin", ({ target }) => {
    const box = target.closest("#chosen tbody tr")?.querySelector(".select-cell input");
    if (box) stood = box.id;
  });
  document.addEventListener("submit", ({ target }) => {
    if (target.id !== "chosen" || target.elements.scope.checked || target.querySelector("tbody .select-cell :checked")) return;
    const box = document.getElementById(stood) || target.querySelector("tbody .select-cell input");
    if (box) box.click();
  }, true);
})();
