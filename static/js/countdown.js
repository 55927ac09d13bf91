/* Counts down how long the devices are kept aside. The server says how many seconds are left, for the reader's clock
   may be wrong; screen readers hear of each minute, not of each second. */
"use strict";

for (const place of document.querySelectorAll("[data-countdown]")) {
  const ends = performance.now() + Number(place.dataset.countdown) * 1000;
  const shown = document.createElement("span");
  const said = document.createElement("span");
  shown.setAttribute("aria-hidden", "true");
  said.className = "visually-hidden";
  said.setAttribute("aria-live", "polite");
  place.append(" · ", shown, said);
  let minute = Math.ceil(Number(place.dataset.countdown) / 60);

  const tell = () => {
    const left = Math.max(0, Math.round((ends - performance.now()) / 1000));
    if (left === 0) {
      clearInterval(timer);
      shown.remove();
      said.className = "";
      said.textContent = place.dataset.over;
      return;
    }
    const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    shown.textContent = place.dataset.left.replace("%(time)s", time);
    const minutes = Math.ceil(left / 60);
    if (minutes !== minute) {
      minute = minutes;
      said.textContent = place.dataset.minutes.replace("%(minutes)s", String(minutes));
    }
  };
  const timer = setInterval(tell, 1000);
  tell();
}
