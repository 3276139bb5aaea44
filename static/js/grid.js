/* A grid of rows ([data-grid]): arrows go from cell to cell that does something, Enter follows it as everywhere, Escape leaves the row in edit. */
(() => {
  "use strict";
  const stops = (row) => [...row.querySelectorAll("a[href], button:not([disabled])")].filter((one) => one.checkVisibility());
  const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const editing = target.closest(".editing, .editing-foot");
    if (key === "Escape" && editing) { document.getElementById("cancel-edit")?.click(); return; }
    const row = target.closest("[data-grid] tbody tr"), step = STEPS[key];
    if (!step || !row || !target.matches("a, button")) return;
    event.preventDefault();
    const rows = [...row.closest("table").querySelectorAll("tbody tr")].filter((one) => stops(one).length);
    const column = stops(row).indexOf(target), there = rows[rows.indexOf(row) + step[0]];
    if (!there) return;
    const cells = stops(there);
    (step[0] ? cells[Math.min(column, cells.length - 1)] : cells[column + step[1]])?.focus();
  });
  // The address ends in #editor: going there takes the focus away, so it is given afterwards.
  addEventListener("load", () => setTimeout(() => {
    if (!document.querySelector("[data-error-summary]")) document.querySelector("#editor :is(input, select)")?.focus();
  }));
})();
