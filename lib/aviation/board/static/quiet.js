// Acknowledging and muting: the forms come when they are asked for; what somebody has changed shows on every open page.
"use strict";
(function () {
  const load = (details) => htmx.ajax("GET", details.dataset.quiet, { target: details.lastElementChild, swap: "innerHTML" });
  document.addEventListener("toggle", (event) => {
    if (event.target.matches("details[data-quiet]") && event.target.open) load(event.target);
  }, true);

  // A page on which somebody is filling in a form is drawn again when they leave it.
  const isBusy = () => Boolean(document.activeElement && document.activeElement.closest(".hush-forms"));
  let waits = false, soon;
  function changed() {
    if (!document.querySelector("#content [data-quiet]")) return;
    waits = isBusy();
    if (waits) return;
    clearTimeout(soon);
    soon = setTimeout(() => htmx.ajax("GET", location.pathname + location.search, { target: "#content", select: "#content", swap: "outerHTML" }), 50);
  }
  document.addEventListener("focusout", () => setTimeout(() => { if (waits) changed(); }));
  document.body.addEventListener("quiet", changed);

  document.addEventListener("htmx:afterRequest", (event) => {
    const forms = event.target.closest && event.target.closest(".hush-forms");
    if (!forms || event.detail.requestConfig.verb !== "post") return;
    if (event.detail.successful) {
      document.activeElement.blur();
      for (const one of document.querySelectorAll(".hush[open]")) if (one.contains(forms)) one.open = false;
      changed();
      return;
    }
    let text = "The board does not answer: try again";
    try { text = JSON.parse(event.detail.xhr.responseText).error; } catch { text = event.detail.xhr.responseText || text; }
    forms.querySelector(".wrong").textContent = "Not done: " + text + ".";
  });
})();
