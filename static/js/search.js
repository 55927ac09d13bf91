/* Suggestions while typing, as the combobox of the ARIA Authoring Practices. Without this file the field just searches.
   The address answers rows of HTML: <option value="…">, or <li role="option" data-value="…" data-url="…">. */
"use strict";

const WAIT = 150;

const combobox = (form) => {
  const input = form.querySelector("input[type=search]");
  const list = form.querySelector("[role=listbox]");
  const status = form.querySelector("[role=status]");
  let active = -1, timer = 0, asked = "", request = null;

  const rows = () => [...list.children];
  const isOpen = () => !list.hidden;
  const mark = (place) => {
    active = place;
    rows().forEach((row, number) => row.setAttribute("aria-selected", String(number === place)));
    const row = rows()[place];
    if (row) { input.setAttribute("aria-activedescendant", row.id); row.scrollIntoView({ block: "nearest" }); }
    else input.removeAttribute("aria-activedescendant");
  };
  const close = () => { list.hidden = true; input.setAttribute("aria-expanded", "false"); mark(-1); };
  const open = () => {
    const count = rows().length;
    list.hidden = count === 0;
    input.setAttribute("aria-expanded", String(count > 0));
    mark(-1);
    status.textContent = count ? list.dataset[count === 1 ? "one" : "many"].replace("%s", count) : "";
  };
  const row = (source, number) => {
    const item = document.createElement("li");
    if (source.matches("option")) item.textContent = source.value;
    else item.append(...source.childNodes);
    item.dataset.value = source.dataset.value || source.value || item.textContent.trim();
    if (source.dataset.url) item.dataset.url = source.dataset.url;
    item.id = `${list.id}-${number}`;
    item.setAttribute("role", "option");
    return item;
  };
  const choose = (item) => {
    input.value = item.dataset.value;
    asked = input.value.trim();
    close();
    if (item.dataset.url) location.assign(item.dataset.url);
    else form.requestSubmit();
  };
  const ask = async () => {
    const words = input.value.trim();
    if (words === asked) return;
    asked = words;
    request?.abort();
    if (words.length < 2) { list.replaceChildren(); close(); return; }
    request = new AbortController();
    try {
      const answer = await fetch(`${form.dataset.suggest}?q=${encodeURIComponent(words)}`, { signal: request.signal });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      list.replaceChildren(...[...page.querySelectorAll("option, [role=option]")].map(row));
      if (document.activeElement === input) open();
    } catch (fault) {
      if (fault.name !== "AbortError") close();
    }
  };

  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-expanded", "false");
  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, WAIT); });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    const count = rows().length;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && count) {
      event.preventDefault();
      if (!isOpen()) open();
      // One place more than there are rows: beyond the last row one is back in the field.
      mark(((active + 1 + step + count + 1) % (count + 1)) - 1);
    } else if (event.key === "Enter" && isOpen() && active >= 0) {
      event.preventDefault();
      choose(rows()[active]);
    } else if (event.key === "Escape" && isOpen()) {
      event.preventDefault();
      close();
    }
  });
  list.addEventListener("mousedown", (event) => event.preventDefault());  // the field keeps the focus
  list.addEventListener("click", (event) => {
    const item = event.target.closest("[role=option]");
    if (item) choose(item);
  });
  form.addEventListener("submit", () => { clearTimeout(timer); request?.abort(); close(); });
};

for (const form of document.querySelectorAll("form[data-suggest]")) combobox(form);
