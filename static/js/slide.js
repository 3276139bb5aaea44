/* The page of a thread: what the slider's stop means while it is moved, and printing. */
(() => {
  "use strict";
  document.addEventListener("input", ({ target }) => {
    const stops = target.dataset.stops && document.getElementById(target.dataset.stops);
    const words = stops?.children[target.value]?.textContent;
    if (!words) return;
    target.setAttribute("aria-valuetext", words);
    document.querySelector(`output[for="${target.id}"]`).textContent = words;
  });
  document.addEventListener("click", ({ target }) => {
    if (target.closest("[data-print]")) print();
  });
})();
