/* Comforts of the table of bids: keys move between cells, copied cells are pasted, what was typed is counted. */
"use strict";

const form = document.querySelector("[data-bids]");
const table = form?.querySelector("tbody");
const cells = (row) => [...row.querySelectorAll("input[type=text]")];
const count = form?.querySelector("[data-count]");
let leaving = false;

const isTyped = (cell) => cell.value.trim() !== cell.dataset.stands;
const typed = () => [...table.querySelectorAll("input[type=text]")].filter(isTyped);
const tell = () => {
  const n = typed().length;
  count.textContent = n === 0 ? "" : n === 1 ? count.dataset.one : count.dataset.many.replace("%s", n);
};
const at = (cell, rows, columns) => {
  const row = cell.closest("tr");
  const all = [...table.rows];
  const other = all[all.indexOf(row) + rows];
  return other && cells(other)[cells(row).indexOf(cell) + columns];
};
const MOVES = { Enter: [1, 0], ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

const onKey = (event) => {
  const move = MOVES[event.key];
  const cell = event.target;
  if (!move || event.isComposing || event.altKey || event.ctrlKey || event.metaKey || cell.type !== "text") return;
  const whole = cell.selectionStart === 0 && cell.selectionEnd === cell.value.length;
  if (event.key === "ArrowLeft" && !whole && cell.selectionStart > 0) return;
  if (event.key === "ArrowRight" && !whole && cell.selectionEnd < cell.value.length) return;
  event.preventDefault();
  const rows = event.key === "Enter" && event.shiftKey ? -1 : move[0];
  const next = at(cell, rows, move[1]);
  next?.focus();
  next?.select();
};
const onPaste = (event) => {
  const text = event.clipboardData.getData("text/plain").replace(/\r/g, "").replace(/\n$/, "");
  if (event.target.type !== "text" || !/[\t\n]/.test(text)) return;
  event.preventDefault();
  text.split("\n").forEach((line, row) => line.split("\t").forEach((value, column) => {
    const cell = at(event.target, row, column);
    if (cell) { cell.value = value.trim(); mark(cell); }
  }));
  typed().forEach(mark);
  tell();
};
const mark = (cell) => cell.closest("td").classList.toggle("is-typed", isTyped(cell));

if (form && count) {
  form.querySelector("[data-keys]").hidden = false;
  const all = form.querySelector("[data-tick-all]");
  all.hidden = false;
  all.addEventListener("click", () => {
    const ticks = [...table.querySelectorAll("input[name=tick]")];
    const some = ticks.some((tick) => !tick.checked);
    ticks.forEach((tick) => { tick.checked = some; });
  });
  table.addEventListener("keydown", onKey);
  table.addEventListener("paste", onPaste);
  table.addEventListener("input", (event) => { mark(event.target); tell(); });
  form.addEventListener("submit", () => { leaving = true; });
  window.addEventListener("beforeunload", (event) => { if (!leaving && typed().length) event.preventDefault(); });
  typed().forEach(mark);
  tell();
}
form?.querySelector("[aria-invalid]")?.focus();
