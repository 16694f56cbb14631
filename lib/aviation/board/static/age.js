// The age of the data grows while a page is open; it turns red, in words too, when it is older than promised.
"use strict";
(function () {
  function duration(minutes) {
    const all = Math.round(minutes), hours = Math.floor(all / 60), rest = all % 60;
    return (hours ? hours + " h" : "") + (hours && rest ? " " : "") + (rest || !hours ? rest + " min" : "");
  }
  function write() {
    for (const age of document.querySelectorAll("[data-fetched]")) {
      const minutes = Math.max(0, (Date.now() - Date.parse(age.dataset.fetched)) / 60000);
      const promised = age.dataset.promised === "" ? Infinity : Number(age.dataset.promised);
      const isOld = minutes > promised;
      const text = duration(minutes) + " old" + (isOld ? ", should be " + duration(promised) + " at most" : "");
      const shown = age.querySelector("span");
      if (shown.textContent !== text) shown.textContent = text;
      age.classList.toggle("old", isOld);
    }
  }
  setInterval(write, 5000);
  document.addEventListener("htmx:load", write);
  document.addEventListener("DOMContentLoaded", write);
})();
