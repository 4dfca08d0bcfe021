// Small helps on top of pages that work without them: amounts in words, dates, tables, search,
// sending once, how far a job is.
"use strict";

(() => {
  const DIGITS = ["không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"];
  const SCALES = ["", "nghìn", "triệu"];
  const MAX_DONG = 10 ** 15;
  const FOLD_FROM = 4;
  const LIVE_EVERY = 5_000;
  const LIVE_WHILE = 10 * 60_000;
  const AMOUNT = /^(?:[0-9]{1,16}|[0-9]{1,3}(?:\.[0-9]{3}){1,5}|[0-9]{1,3}(?: [0-9]{3}){1,5})$/;

  /** Spells 1…999; `full` says the hundreds even when they are zero. */
  function group(number, full) {
    const hundreds = Math.floor(number / 100);
    const tens = Math.floor(number / 10) % 10;
    const unit = number % 10;
    const words = hundreds || full ? [DIGITS[hundreds], "trăm"] : [];
    if (tens > 1) words.push(DIGITS[tens], "mươi");
    else if (tens === 1) words.push("mười");
    else if (unit && words.length) words.push("linh");
    if (unit === 1 && tens > 1) words.push("mốt");
    else if (unit === 4 && tens > 1) words.push("tư");
    else if (unit === 5 && tens) words.push("lăm");
    else if (unit) words.push(DIGITS[unit]);
    return words;
  }

  /** Says in the list of errors which field each one is of, as its label does. */
  function nameFields(errors) {
    for (const link of errors?.querySelectorAll('a[href^="#f-"]') ?? []) {
      // A label that is part of a sentence says nothing by itself; then its field has a name too.
      const id = link.hash.slice(1);
      const label = document.querySelector(`label[for="${CSS.escape(id)}"]`);
      const name = document.getElementById(id)?.dataset.called ?? label?.firstChild.textContent.trim();
      if (name) link.prepend(`${name}: `);
    }
  }

  function spell(number, full) {
    if (number >= 1e9) {
      const rest = number % 1e9;
      return [...spell(Math.floor(number / 1e9), full), "tỷ", ...(rest ? spell(rest, true) : [])];
    }
    const words = [];
    for (const scale of [2, 1, 0]) {
      const part = Math.floor(number / 1000 ** scale) % 1000;
      if (!part) continue;
      words.push(...group(part, full || words.length > 0));
      if (scale) words.push(SCALES[scale]);
    }
    return words;
  }

  /** The same words as `ledger.words.amount_in_words`, for whole numbers from 0. */
  function amountInWords(number) {
    return number === 0 ? DIGITS[0] : spell(number, false).join(" ");
  }

  /** Reads what `fundsvc.text.parse_dong` reads; anything else is null. */
  function parseDong(raw) {
    const text = raw.trim().replace(/đ$/u, "").trimEnd();
    if (!AMOUNT.test(text)) return null;
    const number = Number(text.replace(/[. ]/g, ""));
    return number <= MAX_DONG ? number : null;
  }

  function echoAmount(input) {
    const output = document.getElementById(`${input.id}-words`);
    if (!output) return;
    const number = parseDong(input.value);
    const words = number === null ? "" : amountInWords(number);
    output.textContent = words && `${words[0].toLocaleUpperCase("vi")}${words.slice(1)} đồng`;
  }

  const grouped = (number) => `${String(number).replace(/\B(?=(\d{3})+$)/g, ".")}\u00a0đ`;
  const sumOf = (inputs) => [...inputs].reduce((sum, one) => sum + (parseDong(one.value) ?? 0), 0);

  /** Shows what the lines of a slip come to. */
  function tellTotal(form) {
    const total = form.querySelector("[data-total]");
    if (!total) return;
    const sum = sumOf(form.querySelectorAll("[data-line] [name^=amount-]"));
    const words = sum ? amountInWords(sum) : "";
    total.textContent = grouped(sum);
    form.querySelector("[data-total-words]").textContent =
      words && `${words[0].toLocaleUpperCase("vi")}${words.slice(1)} đồng`;
  }

  /** Shows Nợ and Có of each fund and unit of a journal voucher, and by how much they differ. */
  function tellSides(form) {
    const box = form.querySelector("[data-sums]");
    if (!box) return;
    const sides = new Map();
    for (const line of form.querySelectorAll("[data-line]")) {
      const names = ["fund", "unit"].map((name) => {
        const own = line.querySelector(`[name^=${name}-]`);
        const select = own?.value ? own : form.elements[name];
        return select.value ? select.selectedOptions[0].textContent.trim() : "…";
      });
      const debit = sumOf(line.querySelectorAll("[name^=debit-]"));
      const credit = sumOf(line.querySelectorAll("[name^=credit-]"));
      if (!debit && !credit) continue;
      const side = sides.get(names.join("\n")) ?? { names, debit: 0, credit: 0 };
      side.debit += debit;
      side.credit += credit;
      sides.set(names.join("\n"), side);
    }
    const rows = [...sides.values()].map(({ names, debit, credit }) => {
      const facts = { fund: names[0], unit: names[1], debit: grouped(debit), credit: grouped(credit) };
      const row = document.createElement("li");
      const end = document.createElement("strong");
      const difference = Math.abs(debit - credit);
      row.textContent = `${box.dataset.text.replace(/\{(\w+)\}/g, (_all, name) => facts[name])} – `;
      end.textContent = difference
        ? box.dataset.off.replace("{difference}", grouped(difference)) : box.dataset.even;
      if (difference) end.className = "sums__off";
      row.append(end);
      return row;
    });
    box.querySelector("ul").replaceChildren(...rows);
  }

  /** Adds an empty line below the others, without asking the server. */
  function addLine(form) {
    const box = form.querySelector("[data-lines]");
    const place = box.querySelectorAll("[data-line]").length + 1;
    const fresh = document.createElement("div");
    fresh.innerHTML = form.querySelector("[data-line-template]").innerHTML.replaceAll("{place}", place);
    const line = fresh.firstElementChild;
    box.append(line);
    for (const input of line.querySelectorAll("[data-amount]")) {
      input.addEventListener("input", () => echoAmount(input));
    }
    line.querySelector("select, input").focus();
  }

  function startLines(form) {
    const tell = () => {
      tellTotal(form);
      tellSides(form);
    };
    form.addEventListener("input", tell);
    form.querySelector("[data-add-line]").addEventListener("click", (event) => {
      event.preventDefault();
      addLine(form);
    });
    tell();
  }

  /** Writes 23112026, 23-11-2026 or 23.11.2026 as 23/11/2026; leaves anything else alone. */
  function tidyDay(input) {
    const found = /^([0-9]{1,2})[-. /]([0-9]{1,2})[-. /]([0-9]{4})$/.exec(input.value.trim())
      ?? /^([0-9]{2})([0-9]{2})([0-9]{4})$/.exec(input.value.trim());
    if (found) {
      input.value = `${found[1].padStart(2, "0")}/${found[2].padStart(2, "0")}/${found[3]}`;
    }
  }

  /** A table that fits needs no window of its own: it flows with the page, its head still stays. */
  function fitTable(box) {
    const fits = box.scrollWidth <= box.clientWidth;
    box.classList.toggle("tablebox__scroll--fits", fits);
    if (fits) box.removeAttribute("tabindex");
    else box.tabIndex = 0;
  }

  /** Pushes a line of tabs sideways until the tab of this page is in its middle. */
  function showTab(tab) {
    const row = tab.closest("ul").getBoundingClientRect();
    const here = tab.getBoundingClientRect();
    tab.closest("ul").scrollLeft += here.left + here.width / 2 - row.left - row.width / 2;
  }

  /** Asks how far a job is; the page comes anew when the job has ended. */
  async function follow(box) {
    const bar = box.querySelector("progress");
    const text = box.querySelector("p");
    let state = "";
    while (!["done", "failed"].includes(state)) {
      await new Promise((later) => { setTimeout(later, 1000); });
      try {
        const answer = await fetch(box.dataset.progress);
        if (!answer.ok) continue;
        const told = await answer.json();
        const plain = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ".");
        state = told.state;
        box.querySelector("[data-late]").hidden = !told.late;
        if (!told.done) continue;
        bar.value = told.done;
        text.textContent = box.dataset.text
          .replace("{done}", plain(told.done)).replace("{total}", plain(told.total));
      } catch {
        // The server rests for a moment; it is asked again.
      }
    }
    location.reload();
  }

  /**
   * Renews what is marked data-live, piece by piece, so that focus, scroll and what is folded out
   * stay. Nobody who has left the desk is kept signed in by it.
   */
  function keepLive(box) {
    let touched = Date.now();
    for (const kind of ["pointerdown", "keydown", "scroll"]) {
      document.addEventListener(kind, () => { touched = Date.now(); }, { passive: true });
    }
    setInterval(async () => {
      if (document.hidden || Date.now() - touched > LIVE_WHILE) return;
      const answer = await fetch(box.dataset.liveFrom).catch(() => null);
      if (!answer?.ok || answer.redirected) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const old of box.querySelectorAll("[data-live]")) {
        const now = fresh.getElementById(old.id);
        if (!now || old.contains(document.activeElement)) continue;
        if (now.innerHTML !== old.innerHTML) old.replaceChildren(...now.childNodes);
      }
    }, LIVE_EVERY);
  }

  /** On a phone: folds many filters into a button that says what is chosen and opens them. */
  function foldFilters(form) {
    const pairs = [...form.querySelectorAll(".filters__pair")];
    if (pairs.length < FOLD_FROM || !matchMedia("(max-width: 59.99rem)").matches) return;
    const chosen = pairs.map((pair) => {
      const control = pair.querySelector("select, input");
      const text = control?.selectedOptions?.[0].text ?? control?.value ?? "";
      const plain = control?.selectedOptions ? control.selectedIndex === 0 : !text;
      const label = pair.querySelector("label")?.textContent.trim() ?? "";
      // "Quỹ Nghĩa tình" says of itself what it is.
      const said = text.toLowerCase().startsWith(label.toLowerCase()) ? text : `${label} ${text}`;
      return plain ? "" : said;
    });
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button button--plain filters__fold";
    button.setAttribute("aria-expanded", "false");
    button.textContent = `${form.dataset.fold} ${chosen.filter(Boolean).join(", ") || form.dataset.all} `;
    const change = document.createElement("span");
    change.className = "filters__change";
    change.textContent = form.dataset.change;
    button.append(change);
    button.addEventListener("click", () => {
      form.classList.remove("filters--folded");
      pairs[0].querySelector("select, input")?.focus();
      button.remove();
    });
    form.prepend(button);
    form.classList.add("filters--folded");
  }

  /** Says whether a file is, byte for byte, the one whose SHA-256 stands in data-drop. */
  function takeOriginal(box) {
    const told = box.querySelector("[data-told]");
    const check = async (file) => {
      if (!file) return;
      let text = box.dataset.failed;
      try {
        const digest = new Uint8Array(
          await crypto.subtle.digest("SHA-256", await file.arrayBuffer()),
        );
        const hash = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
        text = hash === box.dataset.drop ? box.dataset.same : box.dataset.other;
      } catch {
        // Without https there is no crypto.subtle; the text says what to do.
      }
      told.textContent = `${file.name}: ${text}`;
    };
    box.querySelector("[data-picker]").hidden = false;
    box.querySelector("input").addEventListener("change", (event) => check(event.target.files[0]));
    box.addEventListener("dragover", (event) => {
      event.preventDefault();
      box.classList.add("drop--over");
    });
    box.addEventListener("dragleave", () => box.classList.remove("drop--over"));
    box.addEventListener("drop", (event) => {
      event.preventDefault();
      box.classList.remove("drop--over");
      check(event.dataTransfer.files[0]);
    });
  }

  function typing(target) {
    return target.isContentEditable || /^(input|select|textarea)$/i.test(target.tagName);
  }

  function start() {
    for (const input of document.querySelectorAll("[data-amount]")) {
      input.addEventListener("input", () => echoAmount(input));
      echoAmount(input);
    }
    for (const input of document.querySelectorAll("[data-day]")) {
      input.addEventListener("change", () => tidyDay(input));
    }
    for (const box of document.querySelectorAll("[data-lines]")) startLines(box.closest("form"));
    for (const box of document.querySelectorAll("[data-live-from]")) keepLive(box);
    const watch = new ResizeObserver((seen) => seen.forEach((entry) => fitTable(entry.target)));
    for (const box of document.querySelectorAll(".tablebox__scroll")) watch.observe(box);
    for (const tab of document.querySelectorAll(".tabs__link[aria-current]")) showTab(tab);
    nameFields(document.getElementById("errors"));
    if (!document.getElementById("errors")) {
      for (const form of document.querySelectorAll("form[data-fold]")) foldFilters(form);
    }
    for (const box of document.querySelectorAll("[data-drop]")) takeOriginal(box);
    for (const box of document.querySelectorAll("[data-progress]")) follow(box);
    document.getElementById("errors")?.focus();
    document.addEventListener("keydown", (event) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || typing(event.target)) return;
      const search = document.querySelector("[data-search]");
      if (!search || !search.checkVisibility?.()) return;
      event.preventDefault();
      search.focus();
    });
    document.addEventListener("submit", (event) => {
      const form = event.target;
      // A form that a script sends itself stays usable: only that script knows what came of it.
      if (form.method !== "post" || event.defaultPrevented) return;
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "1";
      for (const button of form.querySelectorAll("button")) {
        button.setAttribute("aria-disabled", "true");
      }
    });
    window.addEventListener("pageshow", () => {
      // Coming back by the browser's back button must give a form that can be sent.
      for (const form of document.querySelectorAll("form[data-sent]")) {
        delete form.dataset.sent;
        for (const button of form.querySelectorAll("[aria-disabled]")) {
          button.removeAttribute("aria-disabled");
        }
      }
    });
  }

  start();
})();
