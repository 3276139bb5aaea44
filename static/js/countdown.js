/* Counts down what the server said is left (data-left, in seconds); it is never read aloud by itself. */
(() => {
  "use strict";
  const ends = new WeakMap();
  setInterval(() => document.querySelectorAll("[data-left]").forEach((place) => {
    const now = performance.now();
    if (!ends.has(place)) ends.set(place, now + place.dataset.left * 1000);
    const left = Math.ceil((ends.get(place) - now) / 1000), minutes = Math.floor(left / 60);
    place.textContent = left > 0 ? `in ${minutes ? `${minutes} min ` : ""}${left % 60} s` : place.dataset.then;
  }), 1000);
})();
