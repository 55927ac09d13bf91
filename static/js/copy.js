/* Buttons that copy a number: shown where there is a script and a clipboard; without, the number is marked by one click. */
const said = document.createElement("span");
said.className = "visually-hidden";
said.setAttribute("role", "status");
document.body.append(said);

for (const button of navigator.clipboard ? document.querySelectorAll("[data-copy]") : []) {
  const before = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = said.textContent = button.dataset.done;
    setTimeout(() => {
      button.textContent = before;
      said.textContent = "";
    }, 3000);
  });
}
