/* Attributes: revops/web/__init__.py. No key moves money. */
(() => {
  "use strict";
  const { body } = document;
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const on = (name, act, capture = false) => document.addEventListener(name, act, capture);
  const active = () => document.activeElement, lost = () => active() === body;
  const byId = (id) => (id ? document.getElementById(id) : null);
  const make = (tag, textContent = "", className = "") => Object.assign(document.createElement(tag), { textContent, className });
  const focus = (node) => {
    if (!node) return;
    if (node.tabIndex < 0) node.tabIndex = -1;
    node.focus({ preventScroll: node.matches("main") });
  };
  const back = (to) => focus((to?.isConnected && to !== body && to) || byId(to?.id) || one("main"));

  const open = (dialog, opener = active()) => {
    if (!dialog || dialog.open) return;
    dialog.opener = opener;
    dialog.showModal();
    focus(one("h1, h2", dialog));
  };
  on("close", ({ target }) => {
    if (target.parentElement?.id === "dialogs") target.remove();
    if (lost() || target.contains(active())) back(target.opener);
  }, true);

  const boxes = (form) => all("tbody .select-cell input", form);
  const recount = () => all("[data-selection]").forEach((form) => {
    const mine = boxes(form), ticked = mine.filter((box) => box.checked).length;
    const head = one("[data-pick-all]", form), words = form.dataset.selection.split("|");
    if (head) {
      head.checked = ticked > 0 && ticked === mine.length;
      head.indeterminate = ticked > 0 && !head.checked;
    }
    all("[data-count]", form).forEach((place) => {
      place.textContent = `${ticked} ${words[ticked === 1 ? 0 : 1]} selected`;
    });
    all("[data-needs-selection]", form).forEach((button) => { button.disabled = !ticked; });
  });
  let latest = null;
  const tick = (box, checked, range) => {
    const mine = boxes(box.closest("[data-selection]"));
    const [from, to] = [mine.indexOf(latest), mine.indexOf(box)].sort((a, b) => a - b);
    (range && from >= 0 ? mine.slice(from, to + 1) : [box]).forEach((each) => { each.checked = checked; });
    latest = box;
    recount();
  };

  const copy = async (button) => {
    const label = one("span", button) || button, before = (label.dataset.before ??= label.textContent);
    const done = navigator.clipboard?.writeText(button.dataset.copy || location.href).then(() => "Copied").catch(() => "");
    label.textContent = (await done) || "Copy by hand";
    setTimeout(() => { label.textContent = before; }, 2000);
  };

  on("click", (event) => {
    const near = (selector) => event.target.closest(selector);
    const opener = near("[data-opens]"), box = near("[data-selection] tbody .select-cell input");
    if (near('[aria-disabled="true"]')) event.preventDefault();
    if (opener) open(byId(opener.dataset.opens), opener);
    if (near("[data-closes]")) near("dialog")?.close();
    if (near("[data-copy]")) copy(near("[data-copy]"));
    if (near("[data-print]")) print();
    if (box) tick(box, box.checked, event.shiftKey);
    if (near("[data-pick-all]")) {
      boxes(near("[data-selection]")).forEach((each) => { each.checked = event.target.checked; });
      recount();
    }
    all("details.menu[open]").forEach((menu) => { menu.open = menu.contains(event.target); });
  });
  on("reset", () => setTimeout(recount));
  on("input", ({ target }) => {
    const words = byId(target.dataset.stops)?.children[target.value].textContent;
    if (words) target.ariaValueText = one(`output[for=${target.id}]`).textContent = words;
  });
  on("change", ({ target }) => { if (target.matches("[data-submit-on-change]")) target.form.requestSubmit(); });
  on("formdata", ({ target, formData }) => {
    if (target.method === "get") [...formData].forEach(([name, value]) => { if (value === "") formData.delete(name); });
  });

  const rows = () => all("[data-rows] tbody tr").filter((row) => one("th a", row));
  const picks = () => all("[data-selection] tbody .select-cell");
  const here = () => active().closest("[data-rows] tbody tr");
  const step = (by) => {
    const list = rows(), at = list.indexOf(here());
    focus(one("th a", list[at < 0 ? 0 : Math.min(list.length - 1, Math.max(0, at + by))]));
  };
  const pick = (range) => {
    const box = here() && one(".select-cell input", here());
    if (box) tick(box, range || !box.checked, range);
  };
  const press = (node) => {
    const writes = node.matches("[hx-post], [hx-put], [hx-patch], [hx-delete]") ||
      (node.type === "submit" && node.form?.method === "post");
    if (node.matches("input, select, textarea") || (writes && !("harmless" in node.dataset))) focus(node);
    else node.click();
  };
  const bound = {
    "/": ["Find any id", () => { focus(one("#find")); one("#find").select(); }, () => all("#find")],
    "?": ["Show these keys", () => { listKeys(); open(one("#keys")); }, () => all("#keys")],
    j: ["Next row", () => step(1), rows],
    k: ["Previous row", () => step(-1), rows],
    v: ["Show the row beside the list", () => one("[data-view]", here() || rows()[0]).click(), () => all("[data-rows] [data-view]")],
    o: ["Open the row", () => one("th a", here() || rows()[0]).click(), rows],
    x: ["Select the row", () => pick(false), picks],
    X: ["Select up to the row", () => pick(true), picks],
  };
  const keyed = () => all("[data-key]").filter((node) => node.checkVisibility());
  const named = (node) => {
    const twin = node.cloneNode(true);
    all("kbd, .count", twin).forEach((part) => part.remove());
    return node.ariaLabel || twin.textContent.trim();
  };
  const listKeys = () => {
    const entries = Object.entries(bound).filter(([, [, , there]]) => there().length);
    keyed().forEach((node) => entries.push([node.dataset.key, [named(node)]]));
    one("[data-keymap]").replaceChildren(...entries.map(([key, [words]]) => {
      const pair = make("div"), keys = make("dd");
      keys.append(...key.split(" ").map((part) => make("kbd", part)));
      pair.append(make("dt", words), keys);
      return pair;
    }));
  };
  let prefix = -1500;
  on("keydown", (event) => {
    const { key, target } = event;
    if (key === "Escape") {
      all("details.menu[open]").forEach((menu) => { menu.open = false; focus(one("summary", menu)); });
      if (target.id === "find") target.blur();
    }
    if (key === "Enter" && event.ctrlKey) target.form?.querySelector("[data-primary]")?.click();
    if (body.dataset.shortcuts !== "on" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]") || one("dialog[open]")) return;
    const wanted = event.timeStamp - prefix < 1500 ? `g ${key}` : key;
    prefix = wanted === "g" ? event.timeStamp : -1500;
    const node = keyed().find((each) => each.dataset.key === wanted);
    if (!node && !bound[wanted]?.[2]().length) return;
    event.preventDefault();
    if (node) press(node);
    else bound[wanted][1]();
  });

  const say = (words, id) => {
    const notice = make("div", "", "notice crit");
    notice.append(make("p", words), make("span", id || "", "id"));
    one("#status").replaceChildren(notice);
  };
  const bar = make("div", "", "busy-bar");
  let busy = 0, held = body;
  on("htmx:configRequest", ({ detail }) => {
    if (detail.verb !== "get") detail.headers["X-CSRFToken"] = one("meta[name=csrf-token]")?.content;
  });
  on("htmx:beforeRequest", ({ detail: { elt, target } }) => {
    held = active();
    if (!busy++) body.append(bar);
    target.ariaBusy = "true";
    const button = elt.closest("[data-busy]") || one("[data-busy]", elt);
    if (button) { button.dataset.words = button.innerHTML; button.textContent = button.dataset.busy; }
  });
  on("htmx:afterRequest", () => {
    if (--busy) return;
    bar.remove();
    all("[aria-busy]").forEach((place) => { place.ariaBusy = null; });
    all("[data-words]").forEach((button) => { button.innerHTML = button.dataset.words; });
  });
  on("htmx:beforeSwap", ({ detail }) => {
    if (!lost()) held = active();
    if (detail.xhr.status < 500 || detail.xhr.getResponseHeader("HX-Retarget")) return;
    detail.shouldSwap = false;
    say("The server could not answer. Try again.", detail.xhr.getResponseHeader("X-Correlation-Id"));
  });
  on("htmx:sendError", () => say("No connection. What you typed is still here."));
  on("htmx:afterSettle", ({ detail: { target, requestConfig } }) => {
    recount();
    const shown = target?.isConnected ? target : byId(target?.id), asked = requestConfig?.elt;
    if (shown?.id === "dialogs") { open(one("dialog", shown), asked); return; }
    if (shown && !shown.closest("dialog")) asked?.closest("#dialogs dialog")?.close();
    const problems = shown && one("[data-error-summary]", shown);
    if (problems) focus(problems);
    else if (lost() && held !== body) back(held);
  });

  on("submit", async (event) => {
    const form = event.target;
    if (!form.matches("[data-sign-in]")) return;
    event.preventDefault();
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form) }).catch(() => null);
    const page = answer && new DOMParser().parseFromString(await answer.text(), "text/html");
    const token = page && one("meta[name=csrf-token]", page)?.content;
    if (answer?.redirected && !token) { location.assign(answer.url); return; }
    if (!token) { one(".notice", form).hidden = false; return; }
    if (page.body.dataset.person !== body.dataset.person) { location.reload(); return; }
    one("meta[name=csrf-token]").content = token;
    all("input[name=csrfmiddlewaretoken]").forEach((input) => { input.value = token; });
    form.closest("dialog").close();
  });

  recount();
  focus(one("[data-error-summary]"));
  one(".rail [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
})();
