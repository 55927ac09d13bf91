/* Unfold writes the name of a chosen file into the nearest text field, which our forms have for other things (or not at
   all, and then it fails): it leaves alone what carries its own mark. */
"use strict";

addEventListener("DOMContentLoaded", () => {
  for (const input of document.querySelectorAll("input[type=file]")) input.hasChangeListener = true;
});
