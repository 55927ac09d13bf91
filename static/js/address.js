/* Says how the chosen country writes its postcodes. The server says it too, for the country that it was given. */
"use strict";

const country = document.querySelector("[data-postcodes]");
const postcode = country?.form?.elements.namedItem("postcode");
const help = postcode && document.getElementById((postcode.getAttribute("aria-describedby") ?? "").split(" ")[0]);

if (help) {
  const examples = JSON.parse(country.dataset.postcodes);
  country.addEventListener("change", () => {
    help.textContent = postcode.dataset.words.replace("%(example)s", examples[country.value] ?? "");
  });
}
