/* Packing with a scanner: each number that is read goes to the line of its device. Without a script there are fields. */
"use strict";

const scan = document.querySelector("[data-pack]");
const read = scan.querySelector("[name=code]");
const told = scan.querySelector("[data-told]");
const ready = JSON.parse(document.getElementById("ready").textContent);
const fields = [...document.querySelectorAll("input[data-number]")];
const tracking = document.querySelector("[name=tracking_number]");

/* As the shop reads them: capitals, and an IMEI without what is printed between its digits. */
const clean = (text) => text.trim().toUpperCase().replace(/\s+/g, "");
const digits = (text) => text.replace(/[-/.]/g, "");
const isImei = (text) => /^\d{15}$/.test(digits(text));

const labelOf = (field) => field.labels[0].textContent;
const tell = (kind, number, label = "") => {
  told.textContent = told.dataset[kind].replace("%(number)s", number).replace("%(label)s", label);
};

const enter = (text) => {
  const number = isImei(text) ? digits(text) : text;
  if (fields.some((field) => clean(field.value) === number)) return tell("twice", number);
  const empty = fields.filter((field) => !field.value);
  const known = ready[number];
  const fits = known
    ? empty.filter((field) => known.includes(field.name))
    : empty.filter((field) => (field.dataset.number === "imei") === isImei(text));
  if (fits.length) {
    fits[0].value = number;
    return tell("device", number, labelOf(fits[0]));
  }
  if (known) return tell("other", number);
  if (!empty.length && tracking && !tracking.value && !isImei(text)) {
    tracking.value = number;
    return tell("courier", number);
  }
  return tell(empty.length ? "other" : "full", number);
};

scan.hidden = false;
scan.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = clean(read.value);
  if (text) enter(text);
  read.value = "";
  read.focus();
});

/* A hand scanner ends each number with Enter: that must not send a parcel half entered. */
for (const field of fields) {
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    (fields.find((other) => !other.value) ?? read).focus();
  });
}
read.focus();
