// The flights of the page that is one file are chosen and searched in the page itself.
"use strict";
(function () {
  const form = document.getElementById("filters"), found = document.getElementById("found");
  if (!form) return;
  const folded = (text) => text.toLowerCase().replaceAll(" ", "");
  const chosen = (id) => document.getElementById(id).value;
  const lines = Array.from(document.querySelectorAll("#flights tbody tr"), (row) => ({
    row, from: row.dataset.from, to: row.dataset.to, airline: row.cells[4].textContent.trim(),
    status: row.cells[6].textContent.trim(), text: folded(Array.from(row.cells, (cell) => cell.textContent).join("|") + "|" + row.dataset.codes),
  }));
  function choose() {
    const airport = chosen("airport"), direction = chosen("direction"), airline = chosen("airline"), status = chosen("status");
    const sought = folded(chosen("text"));
    let many = 0;
    for (const line of lines) {
      const isThere = !airport || (direction !== "to" && line.from === airport) || (direction !== "from" && line.to === airport);
      const fits = isThere && (!airline || line.airline === airline) && (!status || line.status === status) && line.text.includes(sought);
      line.row.hidden = !fits;
      if (fits) many += 1;
    }
    found.textContent = many ? many.toLocaleString("en") + (many === 1 ? " flight." : " flights.") : "No flight fits.";
  }
  form.hidden = false;
  form.addEventListener("input", choose);
  form.addEventListener("reset", () => setTimeout(choose));
  form.addEventListener("submit", (event) => event.preventDefault());
})();
