// Runs in the head: the right colours from the first paint on.
"use strict";

(() => {
  const asked = new URLSearchParams(window.location.search).get("theme");
  const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
  const theme = asked === "light" || asked === "dark" ? asked : dark ? "dark" : "light";
  document.documentElement.dataset.theme = theme;
})();
