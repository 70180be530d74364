
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const form = document.querySelector(".filters");
  const items = [...document.querySelectorAll(".item")];
  const texts = new Map();
  const words = { search: byId("search"), severity: byId("severity"), owner: byId("owner"), rung: byId("rung") };
  form.hidden = false;

  const textOf = (item) => {
    if (!texts.has(item)) {
      const file = item.dataset.kind === "finding" ? item.closest("details").querySelector("h3").textContent + item.closest("li, .note").textContent : "";
      const page = item.dataset.kind === "row" ? document.querySelector(item.querySelector("a").hash).textContent : "";
      texts.set(item, [item.textContent, file, page].join(" ").toLowerCase());
    }
    return texts.get(item);
  };

  const isWanted = (item, wanted) =>
    wanted.search.every((word) => textOf(item).includes(word)) &&
    (!wanted.severity || item.dataset.severity === undefined || item.dataset.severity === wanted.severity) &&
    (!wanted.owner || item.dataset.owner === undefined || item.dataset.owner === wanted.owner) &&
    (!wanted.owner || item.dataset.owners === undefined || item.dataset.owners.split("\n").includes(wanted.owner)) &&
    (!wanted.rung || item.dataset.rungs === undefined || item.dataset.rungs.split(" ").includes(wanted.rung));

  function filter() {
    const wanted = {
      search: words.search.value.toLowerCase().split(/\s+/).filter(Boolean),
      severity: words.severity.value, owner: words.owner.value, rung: words.rung.value,
    };
    const isAll = !wanted.search.length && !wanted.severity && !wanted.owner && !wanted.rung;
    const counts = { row: [0, 0], finding: [0, 0] };
    for (const item of items) {
      const shown = isAll || isWanted(item, wanted);
      item.hidden = !shown;
      const count = counts[item.dataset.kind];
      if (count) { count[1] += 1; count[0] += shown; }
    }
    for (const line of document.querySelectorAll("#files li.hit")) {
      line.classList.toggle("hit-out", !line.querySelector(".note:not([hidden])"));
    }
    for (const list of document.querySelectorAll("#files ol.code")) {
      list.hidden = !list.querySelector(".note:not([hidden])");
    }
    for (const group of document.querySelectorAll(".group")) {
      group.hidden = !isAll && !group.querySelector(".item:not([hidden])");
    }
    byId("shown").textContent = `${counts.row[0]} of ${counts.row[1]} model_fns, ${counts.finding[0]} of ${counts.finding[1]} findings`;
    remember(isAll);
  }

  // Filters are a part of the address, so that a link keeps them.
  function remember(isAll) {
    const query = new URLSearchParams();
    for (const [name, field] of Object.entries(words)) if (field.value) query.set(name, field.value);
    try { history.replaceState(null, "", (isAll ? location.pathname : "?" + query) + location.hash); } catch { /* a page without an address */ }
  }

  function reveal() {
    let id = "";
    try { id = decodeURIComponent(location.hash.slice(1)); } catch { return; }
    const target = id && byId(id);
    if (!target) return;
    for (let each = target; each; each = each.parentElement) {
      if (each.tagName === "DETAILS") each.open = true;
      each.hidden = false;
    }
    const inside = target.querySelector(":scope > details");
    if (inside) inside.open = true;
    target.scrollIntoView();
    if (target.tabIndex >= -1 && target.hasAttribute("tabindex")) target.focus({ preventScroll: true });
  }

  function move(step) {
    const places = [...document.querySelectorAll("main h2, main summary, main .note")].filter((each) => each.checkVisibility ? each.checkVisibility() : each.offsetParent);
    const now = places.indexOf(document.activeElement);
    const near = now >= 0 ? now + step : places.findIndex((each) => each.getBoundingClientRect().top > 8) + (step < 0 ? -1 : 0);
    const next = places[Math.min(Math.max(near, 0), places.length - 1)];
    if (!next) return;
    if (!next.hasAttribute("tabindex") && next.tagName !== "SUMMARY") next.tabIndex = -1;
    next.focus();
    next.scrollIntoView({ block: "start" });
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isTyping = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key === "Escape" && isTyping) {
      for (const field of Object.values(words)) field.value = "";
      filter();
      event.target.blur();
    } else if (isTyping) {
      return;
    } else if (event.key === "/") {
      event.preventDefault();
      words.search.focus();
    } else if (event.key === "j" || event.key === "k") {
      move(event.key === "j" ? 1 : -1);
    }
  });

  let waiting = 0;
  words.search.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(filter, 120); });
  for (const field of [words.severity, words.owner, words.rung]) field.addEventListener("change", filter);
  form.addEventListener("submit", (event) => event.preventDefault());

  const open = byId("open");
  open.addEventListener("click", () => {
    const isOpening = open.textContent === "Open all";
    for (const each of document.querySelectorAll("main details:not(.table)")) each.open = isOpening;
    open.textContent = isOpening ? "Close all" : "Open all";
  });

  const root = document.documentElement;
  const kept = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  if (kept()) root.dataset.theme = kept();
  byId("theme").addEventListener("click", () => {
    const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = isDark ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.theme); } catch { /* it is not kept */ }
  });

  // Each model_fn is printed; of the findings, the rules and files that are open.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll(".page > details:not([open])")];
    for (const each of opened) each.open = true;
  });
  addEventListener("afterprint", () => { for (const each of opened) each.open = false; });

  for (const [name, value] of new URLSearchParams(location.search)) if (words[name]) words[name].value = value;
  filter();
  reveal();
  addEventListener("hashchange", reveal);
})();
