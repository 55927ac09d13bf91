/* Comforts only: every page works without this file. */
"use strict";

const closeOthers = (keep) => {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(keep)) menu.open = false;
  }
};
document.addEventListener("click", (event) => closeOthers(event.target));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = event.target.closest?.("details[data-menu][open]");
  closeOthers(null);
  menu?.querySelector("summary").focus();
});

/* One press, one order: a second press while the first is on its way does nothing. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, 8000);
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.target.closest?.("form[data-sent]");
  if (form) delete form.dataset.sent;
});

const summary = document.querySelector("[data-error-summary]");
if (summary) summary.focus();
