// The screen of reconciliation by keyboard: the next lines are loaded beforehand, an accepted line
// leaves at once and comes back if it was refused. Without this file the forms do the same.
"use strict";

(() => {
  const QUIET = { "X-Workbench": "1" };
  const AHEAD = 3;

  /** Decides many lines a few at a time, and tells how far it is. */
  function many(form) {
    const bar = form.querySelector("[data-bar]");
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const size = Number(form.dataset.many);
      const all = new FormData(form);
      const picked = all.getAll("pick");
      const button = form.querySelector("button[type=submit]");
      const wrongs = form.querySelector("[data-wrong]");
      const refuse = (words) => {
        wrongs.firstElementChild.textContent = words;
        wrongs.hidden = false;
        bar.hidden = true;
        button.disabled = false;
      };
      wrongs.hidden = true;
      if (!all.get("what")) {
        refuse(form.dataset.choose);
        return;
      }
      button.disabled = true;
      bar.hidden = false;
      let wrong = [];
      for (let at = 0; at < picked.length; at += size) {
        const part = new FormData();
        for (const [name, value] of all) if (name !== "pick") part.append(name, value);
        for (const one of picked.slice(at, at + size)) part.append("pick", one);
        let told;
        try {
          const answer = await fetch(form.action, { method: "POST", body: part, headers: QUIET });
          told = await answer.json();
        } catch {
          told = { reasons: [form.dataset.failed] };
        }
        if (told.reasons) {
          refuse(told.reasons.join(" "));
          return;
        }
        wrong = wrong.concat(told.wrong);
        const done = Math.min(at + size, picked.length);
        bar.querySelector("progress").value = done;
        bar.querySelector("p").textContent =
          form.dataset.text.replace("{done}", done).replace("{total}", picked.length);
      }
      if (!wrong.length) {
        location.assign(form.dataset.back);
        return;
      }
      for (const [id, why] of wrong) form.querySelector(`[data-row="${id}"] [data-cell]`).textContent = why;
      const kept = new Set(wrong.map(([id]) => String(id)));
      for (const row of form.querySelectorAll("[data-row]")) if (!kept.has(row.dataset.row)) row.remove();
      button.disabled = false;
    });
  }

  /** Decides all lines of a filter, slice by slice; after a failure it goes on where it stopped. */
  function all(form) {
    const bar = form.querySelector("[data-bar]");
    const wrongs = form.querySelector("[data-wrong]");
    const button = form.querySelector("button[type=submit]");
    const total = Number(form.dataset.all);
    const wrong = [];
    let done = 0;
    const refuse = (words) => {
      wrongs.firstElementChild.textContent = words;
      wrongs.hidden = false;
      button.disabled = false;
    };
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      wrongs.hidden = true;
      button.disabled = true;
      for (let next = form.elements.after.value; next !== null;) {
        form.elements.after.value = next;
        let told;
        try {
          const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: QUIET });
          told = await answer.json();
        } catch {
          told = { reasons: [form.dataset.failed] };
        }
        if (told.reasons) {
          refuse(told.reasons.join(" "));
          return;
        }
        bar.hidden = false;
        done += told.done;
        wrong.push(...told.wrong);
        next = told.next;
        const seen = next === null ? total : Math.min(done + wrong.length, total);
        bar.querySelector("progress").value = seen;
        bar.querySelector("p").textContent =
          form.dataset.text.replace("{done}", seen).replace("{total}", total);
      }
      if (!wrong.length) {
        location.assign(form.dataset.back);
        return;
      }
      refuse(form.dataset.left.replace("{done}", done).replace("{refused}", wrong.length));
      button.disabled = true;
      wrongs.querySelector("ul").replaceChildren(...wrong.slice(0, 50).map(([id, line, why]) => {
        const item = document.createElement("li");
        const link = document.createElement("a");
        Object.assign(link, { href: form.dataset.line + id, textContent: line });
        item.append(link, `: ${why}`);
        return item;
      }));
    });
  }

  for (const form of document.querySelectorAll("[data-many]")) many(form);
  for (const form of document.querySelectorAll("[data-all]")) all(form);
  const bench = document.querySelector("[data-bench]");
  if (!bench) return;

  const code = bench.dataset.bench;
  const panel = document.getElementById("panel");
  const told = document.getElementById("told");
  const log = document.getElementById("log");
  const kept = new Map();
  const lines = () => [...bench.querySelectorAll("[data-line]")];
  const now = () => panel.querySelector("[data-panel]")?.dataset.panel;
  const item = (id) => bench.querySelector(`[data-line="${id}"]`);

  const say = (text) => {
    told.textContent = "";
    requestAnimationFrame(() => { told.textContent = text; });
  };

  function load(id) {
    if (!kept.has(id)) {
      const wanted = fetch(`/workbench/${code}/lines/${id}?${bench.dataset.query}`, { headers: QUIET })
        .then((answer) => (answer.ok ? answer.text() : Promise.reject(new Error(answer.status))));
      wanted.catch(() => kept.delete(id));
      kept.set(id, wanted);
    }
    return kept.get(id);
  }

  function ahead(id) {
    const ids = lines().map((one) => one.dataset.line);
    const at = ids.indexOf(id);
    for (const next of ids.slice(at + 1, at + 1 + AHEAD)) load(next);
  }

  /** The address of the list with the ticks as they are, so that nothing ticked is lost. */
  function picks() {
    const shown = new Set(lines().map((one) => one.dataset.line));
    const ticked = [...bench.querySelectorAll(".bench__pick input:checked")].map((box) => box.value);
    const others = [...bench.querySelectorAll("#many > input[name=pick]")].map((box) => box.value);
    return [...others.filter((id) => !shown.has(id)), ...ticked];
  }

  function keepPicks() {
    const ids = picks();
    for (const place of bench.querySelectorAll("[data-kept]")) {
      place.replaceChildren(...ids.map((id) => {
        const input = document.createElement("input");
        Object.assign(input, { type: "hidden", name: "pick", value: id });
        return input;
      }));
    }
    const query = new URLSearchParams(bench.dataset.query);
    query.delete("pick");
    for (const id of ids) query.append("pick", id);
    bench.dataset.query = query.toString();
    for (const link of bench.querySelectorAll(".pager a, .bench__go")) {
      const to = new URL(link.href);
      to.searchParams.delete("pick");
      for (const id of ids) to.searchParams.append("pick", id);
      link.href = to.href;
    }
    const count = bench.querySelector("[data-picked]");
    if (count) count.textContent = ids.length ? String(ids.length) : "";
  }

  function mark(id) {
    for (const one of lines()) {
      const here = one.dataset.line === id;
      one.classList.toggle("bench__line--now", here);
      const link = one.querySelector("a");
      if (here) {
        link.setAttribute("aria-current", "true");
        one.scrollIntoView({ block: "nearest" });
      } else link.removeAttribute("aria-current");
    }
  }

  async function show(id, words = "") {
    let html;
    try {
      html = await load(id);
    } catch {
      location.assign(`/workbench/${code}?${bench.dataset.query}&line=${id}`);
      return;
    }
    panel.innerHTML = html;
    mark(id);
    keepPicks();
    const title = panel.querySelector("#line-title");
    title.focus({ preventScroll: true });
    const memo = panel.querySelector(".bench__words").textContent;
    const best = panel.querySelector("[name=offer]:checked")?.parentElement.querySelector("strong");
    say([words, title.textContent, memo, best?.textContent].filter(Boolean).join(". "));
    const query = new URLSearchParams(bench.dataset.query);
    query.set("line", id);
    history.replaceState(null, "", `?${query}`);
    ahead(id);
  }

  function step(by) {
    const ids = lines().map((one) => one.dataset.line);
    const to = ids[ids.indexOf(now()) + by];
    if (to) show(to);
  }

  function complain(id, words) {
    const box = panel.querySelector("[data-wrong]");
    if (now() !== id || !box) return;
    box.firstElementChild.textContent = words;
    box.hidden = false;
  }

  function noteDone(words, undo) {
    const row = document.createElement("li");
    const text = document.createElement("span");
    const link = document.createElement("a");
    text.textContent = words;
    Object.assign(link, { href: undo, className: "bench__undo", textContent: log.dataset.undo });
    row.append(text, link);
    log.prepend(row);
    while (log.children.length > 8) log.lastElementChild.remove();
  }

  // Decisions leave one after the other, so that each answer tells of all before it.
  const unanswered = new Set();
  let turn = Promise.resolve();
  let leaving = false;

  function send(form, body) {
    turn = turn
      .then(() => fetch(form.action, { method: "POST", body, headers: QUIET }))
      .then((response) => response.json())
      .catch(() => ({ reasons: [bench.dataset.failed] }));
    return turn;
  }

  function accept(form) {
    const answered = decide(form);
    unanswered.add(answered);
    answered.finally(() => unanswered.delete(answered));
  }

  /** The last of the page: once all before it are done, the server shows what comes then. */
  async function leave(form) {
    if (leaving) return;
    leaving = true;
    await Promise.allSettled([...unanswered]);
    leaving = false;
    if (!form.isConnected) return;
    if (lines().length > 1) accept(form);
    else form.submit();
  }

  addEventListener("beforeunload", (event) => {
    if (unanswered.size && !leaving) event.preventDefault();
  });

  async function decide(form) {
    const id = now();
    if (!form.querySelector("[name=offer]:checked")) {
      complain(id, bench.dataset.choose);
      return;
    }
    const body = new FormData(form);
    const chosen = body.get("offer");
    const one = item(id);
    const ids = lines().map((line) => line.dataset.line);
    const place = ids.indexOf(id);
    const next = ids[place + 1] ?? ids[place - 1];
    if (!one || !next) {
      leave(form);
      return;
    }
    const after = one.nextElementSibling;
    const words = panel.querySelector("[data-log]").dataset.log;
    one.remove();
    const shown = show(next, bench.dataset.working);
    const answer = await send(form, body);
    await shown;
    kept.delete(id);
    if (answer.reasons) {
      document.getElementById("lines").insertBefore(one, after?.isConnected ? after : null);
      one.classList.add("bench__line--wrong");
      await show(id);
      const again = panel.querySelector(`[name=offer][value="${chosen}"]`);
      if (again) again.checked = true;
      complain(id, answer.reasons.join(" "));
      return;
    }
    for (const line of answer.lines) item(line)?.remove();
    const strip = document.getElementById("strip");
    strip.outerHTML = answer.strip;
    bench.querySelector(".bench__sum").textContent = answer.sum;
    noteDone(words, answer.undo);
    say(answer.told);
  }

  function open(key) {
    const box = panel.querySelector(`details[data-key="${key === "a" ? "c" : key}"]`);
    if (!box) return;
    box.open = true;
    const first = key === "a" ? "input[type=file]" : "input:not([type=hidden]), select";
    box.querySelector(first)?.focus();
  }

  const acts = {
    j: () => step(1),
    k: () => step(-1),
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    x: () => item(now())?.querySelector("input")?.click(),
    u: () => log?.querySelector("a")?.click(),
    "?": () => {
      const keys = document.getElementById("keys");
      keys.open = !keys.open;
      if (keys.open) keys.querySelector("summary").focus();
    },
  };
  for (const key of "nstcha") acts[key] = () => open(key);

  document.addEventListener("keydown", (event) => {
    const at = event.target;
    const types = at.closest("input:not([type=radio], [type=checkbox]), select, textarea");
    if (event.key === "Escape" && at.closest("#panel, #view")) {
      panel.querySelector("#line-title")?.focus();
      return;
    }
    if (types || event.ctrlKey || event.metaKey || event.altKey) return;
    const form = panel.querySelector("[data-accept]");
    if (event.key === "Enter" && form && !at.closest("a, button, summary, details")) {
      event.preventDefault();
      if (!event.repeat) accept(form);
    } else if (/^[1-5]$/.test(event.key)) {
      const wanted = form?.querySelector(`[data-number="${event.key}"]`);
      if (wanted) {
        wanted.checked = true;
        wanted.focus();
        event.preventDefault();
      }
    } else if (acts[event.key] && !(at.type === "radio" && event.key.startsWith("Arrow"))) {
      event.preventDefault();
      acts[event.key]();
    }
  });

  bench.addEventListener("submit", (event) => {
    if (event.target.matches("[data-accept]")) {
      event.preventDefault();
      accept(event.target);
    } else if (unanswered.size) {
      // What leads to another page goes after what was decided before it.
      event.preventDefault();
      const { target, submitter } = event;
      Promise.allSettled([...unanswered]).then(() => target.isConnected && target.requestSubmit(submitter));
    }
  });

  bench.addEventListener("click", (event) => {
    const link = event.target.closest(".bench__go");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show(link.parentElement.dataset.line);
  });

  bench.addEventListener("change", (event) => {
    if (event.target.matches(".bench__pick input")) keepPicks();
  });

  bench.addEventListener("input", (event) => {
    const form = event.target.closest("[data-split]");
    if (!form) return;
    const read = (text) => Number(text.replace(/[^0-9]/g, "")) || 0;
    const sum = [...form.querySelectorAll("[name^=amount-]")].reduce((all, one) => all + read(one.value), 0);
    const rest = Number(form.dataset.split) - sum;
    const out = form.querySelector("[data-rest]");
    out.textContent = out.dataset.text.replace("{rest}", `${rest.toLocaleString("vi-VN")} đ`);
  });

  if (now()) {
    ahead(now());
    const list = document.getElementById("lines");
    const here = item(now());
    if (here) list.scrollTop = here.offsetTop - (list.clientHeight - here.offsetHeight) / 2;
  }
})();
