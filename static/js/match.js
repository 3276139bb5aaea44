/* The workbench: adds up what is picked, and keeps it. Without this, the page adds up by a button. */
(() => {
  "use strict";
  const form = document.querySelector("[data-picks]");
  if (!form) return;
  const bar = document.getElementById("bar");
  const at = (name) => bar.querySelector(`[data-${name}]`);
  const boxes = () => [...document.querySelectorAll("[data-side] input[type=checkbox]")];
  const reason = document.getElementById("reason"), match = document.getElementById("match");
  // “1,234.56” as this person writes it: what stands between thousands, and before decimals.
  const [, thousands, decimals] = /^1(.)234(.)56$/.exec(form.dataset.style);
  const digits = (currency) => new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
  const written = (minor, currency) => {
    const places = digits(currency), text = String(Math.abs(minor)).padStart(places + 1, "0");
    const whole = text.slice(0, text.length - places).replace(/\B(?=(\d{3})+$)/g, thousands);
    return `${minor < 0 ? "−" : ""}${whole}${places ? decimals + text.slice(-places) : ""}`;
  };
  const show = () => {
    const picked = boxes().filter((box) => box.checked);
    const currencies = new Set(picked.map((box) => box.dataset.currency));
    const [currency] = currencies, mixed = currencies.size > 1;
    const side = (name) => picked.filter((box) => box.name === name);
    const sum = (name) => (mixed ? 0 : side(name).reduce((all, box) => all + Number(box.dataset.minor), 0));
    const left = sum("left"), right = sum("right"), off = left - right;
    const many = [side("left").length, side("right").length];
    const balanced = many[0] > 0 && many[1] > 0 && !mixed && off === 0;
    let rest = left;
    boxes().filter((box) => box.name === "right").forEach((box) => {
      const after = box.closest("tr").querySelector("[data-after]");
      if (box.checked) rest -= Number(box.dataset.minor);
      after.textContent = box.checked && many[0] && !mixed ? written(rest, currency) : "";
    });
    at("left").textContent = written(left, currency || "USD");
    at("right").textContent = written(right, currency || "USD");
    at("off").textContent = mixed ? "two currencies" : currency ? `${currency}\u00a0${written(off, currency)}` : "nothing picked";
    at("off").className = balanced ? "zero" : "";
    at("many").textContent = picked.length ? `${many[0]} to ${many[1]}` : "";
    bar.querySelectorAll("[data-when-off]").forEach((part) => { part.hidden = balanced || !picked.length; });
    at("when-timing").hidden = balanced || !picked.length || reason.value !== "timing";
    at("clear").hidden = !picked.length;
    match.disabled = !picked.length || mixed || (!balanced && !reason.value);
    boxes().forEach((box) => { box.disabled = !box.checked && Boolean(currency) && box.dataset.currency !== currency; });
  };
  let waits = 0;
  const keep = () => {
    clearTimeout(waits);
    waits = setTimeout(async () => {
      const kept = document.querySelector("[data-kept]");
      const answer = await fetch(form.dataset.draft, { method: "POST", body: new FormData(form), keepalive: true }).catch(() => null);
      kept.textContent = answer?.ok ? "your picks are kept" : "your picks could not be kept";
    }, 400);
  };
  document.addEventListener("change", ({ target }) => {
    if (target.form !== form) return;
    show();
    if (target.type === "checkbox") keep();
  });
  // Enter on a row matches, as the first button of a form does, but only when it can.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches?.("[data-side] input[type=checkbox]")) return;
    event.preventDefault();
    if (!match.disabled) form.requestSubmit(match);
  });
  at("clear").addEventListener("click", () => {
    boxes().forEach((box) => { box.checked = false; });
    show();
    keep();
  });
  // What waits to be kept belongs to what is being matched.
  form.addEventListener("submit", () => clearTimeout(waits));
  show();
  if (location.hash === "#bar" && !reason.closest("[hidden]")) reason.focus();
})();
