/* Scans with the camera where the browser can read barcodes by itself; elsewhere the button stays hidden. */
"use strict";

const form = document.querySelector("[data-scan]");
const code = form.querySelector("[name=code]");
const open = form.querySelector("[data-camera]");
const viewer = form.querySelector("[data-viewer]");
const video = viewer.querySelector("video");
const EVERY = 200;
let stream = null;
let timer = 0;

const stop = () => {
  clearTimeout(timer);
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
};

const look = async (detector) => {
  const found = video.readyState >= 2 ? await detector.detect(video).catch(() => []) : [];
  if (found.length) {
    code.value = found[0].rawValue;
    viewer.close();
    form.requestSubmit();
  } else if (stream) {
    timer = setTimeout(() => look(detector), EVERY);
  }
};

const watch = async () => {
  const words = viewer.querySelector("[data-viewer-state]");
  viewer.showModal();
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    video.srcObject = stream;
    await video.play();
    look(new BarcodeDetector());
  } catch {
    words.textContent = words.dataset.denied;
  }
};

if ("BarcodeDetector" in window && navigator.mediaDevices) {
  open.hidden = false;
  open.addEventListener("click", watch);
  viewer.addEventListener("close", stop);
  viewer.querySelector("[data-close]").addEventListener("click", () => viewer.close());
}
/* The attribute alone does not always win against the rest of the page, and a hand scanner types wherever the focus is. */
code.focus();
if (form.querySelector(".field__error")) code.select();
