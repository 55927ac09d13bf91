/* Looks every five seconds whether the bank has answered, and shows the page anew only then: a page that reloads by
   itself takes away what somebody is reading. Without a script there is the link beside it. */
"use strict";

const followed = document.querySelector("[data-follow]");

const look = async () => {
  const answer = await fetch(location.href).catch(() => null);
  if (answer?.ok) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const now = page.querySelector("[data-follow]");
    if (now?.dataset.follow !== followed.dataset.follow) {
      location.reload();
      return;
    }
  }
  setTimeout(look, 5000);
};
if (followed) {
  setTimeout(look, 5000);
}
