/* Comforts of the inspection sheet: counts as one goes, saves by itself, sends photos as they are taken. */
"use strict";

const sheet = document.querySelector("[data-sheet]");
const form = sheet.closest("form");
const state = form.querySelector("[data-state]");
const progress = sheet.querySelector("progress");
const WAIT = 1500;
let timer = 0;
let pending = false;

const isFilled = (line) => [...line.querySelectorAll("input")].some((input) =>
  input.type === "radio" ? input.checked : input.value.trim() !== "");

const count = () => {
  let all = 0;
  for (const chapter of sheet.querySelectorAll("[data-chapter]")) {
    const lines = [...chapter.querySelectorAll("[data-check]")];
    const filled = lines.filter(isFilled).length;
    const badge = sheet.querySelector(`[data-count="${chapter.dataset.chapter}"]`);
    badge.textContent = `${filled}/${lines.length}`;
    badge.classList.toggle("sheet__count--full", filled === lines.length);
    all += filled;
  }
  progress.value = all;
};

const say = (words) => { state.textContent = words; };

const save = async () => {
  const data = new FormData(form);
  for (const name of ["photos", "report"]) data.delete(name);
  data.set("keep", "quietly");
  pending = false;
  say(sheet.dataset.saving);
  try {
    const answer = await fetch(location.href, { method: "POST", body: data });
    const time = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    say(answer.status === 204 ? `${sheet.dataset.saved} ${time}` : sheet.dataset.unsaved);
  } catch {
    pending = true;
    say(sheet.dataset.offline);
  }
};

const saveSoon = () => {
  clearTimeout(timer);
  timer = setTimeout(save, WAIT);
};

form.addEventListener("change", (event) => {
  if (event.target.name === "photos" && event.target.files.length) {
    clearTimeout(timer);
    form.requestSubmit(sheet.querySelector("[data-photos]"));
  } else if (event.target.type !== "file") {
    count();
    saveSoon();
  }
});
form.addEventListener("submit", () => clearTimeout(timer));
addEventListener("online", () => { if (pending) save(); });
for (const button of sheet.querySelectorAll("[data-photos]")) button.hidden = true;
sheet.querySelector(".field--bad :is(input, textarea)")?.focus();
count();
