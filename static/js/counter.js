/* Says by how much an offer is lower than the quote, while it is typed. The server says it too. */
"use strict";

const quoted = Number(document.querySelector("[data-quoted]").dataset.quoted);
const cut = document.querySelector("[data-cut]");
const price = document.querySelector("[name=price]");
const DECIMALS = (price.step.split(".")[1] ?? "").length;

const tell = () => {
  const minor = Math.round(Number(price.value) * 10 ** DECIMALS);
  const known = price.value !== "" && Number.isFinite(minor) && minor > 0;
  const share = new Intl.NumberFormat(document.documentElement.lang || undefined, { style: "percent", maximumFractionDigits: 1 });
  cut.textContent = known ? share.format((quoted - minor) / quoted) : "–";
};
price.addEventListener("input", tell);
tell();
