/* Comforts of lists: narrowing at once, unfolded facets that stay so, the focus on what is left. */
"use strict";

/* Filters start folded where the screen is small. */
const wide = matchMedia("(min-width: 60rem)");
if (wide.matches) {
  for (const filters of document.querySelectorAll("details[data-open-wide]")) filters.open = true;
}

/* A facet or sort order applies as soon as it is chosen; what says nothing is not sent. */
document.addEventListener("change", (event) => event.target.closest("form[data-autosubmit]")?.requestSubmit());
document.addEventListener("htmx:configRequest", (event) => {
  if (!event.target.matches("form[data-autosubmit]")) return;
  const { formData } = event.detail;
  for (const [name, value] of [...formData]) if (!value) formData.delete(name);
});

/* The button leads to what is left. Enter in a field presses it too, and only sends. */
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-show]");
  if (!button || (event.detail === 0 && document.activeElement !== button)) return;
  event.preventDefault();
  if (!wide.matches) button.closest("details").open = false;
  document.getElementById("count").focus();
});

/* Facets stay unfolded and scrolled when they are swapped. */
const places = new Map();
document.addEventListener("htmx:oobBeforeSwap", (event) => {
  for (const facet of event.target.querySelectorAll("details[id]")) {
    places.set(facet.id, [facet.open, facet.querySelector("ul")?.scrollTop]);
  }
});
document.addEventListener("htmx:oobAfterSwap", () => {
  for (const [id, [open, top]] of places) {
    const facet = document.getElementById(id);
    if (!facet) continue;
    facet.open = open;
    if (top) facet.querySelector("ul").scrollTop = top;
  }
  places.clear();
});

/* What had the focus may be gone with what was removed. */
const isNowhere = () => document.activeElement === document.body;
let wasNowhere = true;
document.addEventListener("htmx:beforeSwap", () => { wasNowhere = isNowhere(); });
document.addEventListener("htmx:afterSettle", () => {
  if (!wasNowhere && isNowhere()) document.getElementById("count").focus();
});
