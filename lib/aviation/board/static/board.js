// What the board does without being asked: it follows the loads, and plays a day.
"use strict";
(function () {
  const live = () => document.getElementById("live");

  // A load has finished: whatever is open and not about the past is drawn again.
  const events = new EventSource("/events");
  events.addEventListener("loaded", () => {
    const isPast = new URLSearchParams(location.search).has("as_of");
    live().textContent = isPast ? "A load has brought newer data." : "Updated at " + new Date().toLocaleTimeString();
    htmx.trigger(document.body, "loaded");
  });
  events.addEventListener("error", () => { live().textContent = "The board does not answer: trying again."; });
  events.addEventListener("open", () => { if (live().textContent.startsWith("The board")) live().textContent = ""; });

  // The moment of a page is in its address.
  function show(changes, done) {
    const address = new URL(location.href);
    for (const [name, value] of Object.entries(changes)) {
      if (value) address.searchParams.set(name, value); else address.searchParams.delete(name);
    }
    address.searchParams.delete("page");
    history.replaceState(null, "", address);
    return htmx.ajax("GET", address.pathname + address.search, { target: "#main", select: "#main", swap: "outerHTML" }).then(done);
  }
  const polls = () => document.getElementById("scrubber").dataset.polls.split(" ");

  let waiting;
  document.addEventListener("input", (event) => {
    if (event.target.id !== "scrubber") return;
    const poll = polls()[event.target.value];
    document.getElementById("scrubbed").textContent = poll.slice(11, 16) + " UTC";
    clearTimeout(waiting);
    waiting = setTimeout(() => show({ as_of: poll }, () => document.getElementById("scrubber").focus()), 150);
  });
  document.addEventListener("change", (event) => {
    if (event.target.name === "date" && event.target.closest(".moment")) show({ date: event.target.value, as_of: "" });
  });

  // A day as a film: a poll after the other, each shown for at least half a second.
  let playing = false;
  const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
  async function play() {
    const all = polls();
    let at = Number(document.getElementById("scrubber").value) + 1;
    if (at >= all.length) at = 0;
    for (playing = true; playing && at < all.length; at += 1) {
      await Promise.all([show({ as_of: all[at] }), pause(500)]);
      mark();
    }
    playing = false;
    mark();
  }
  function mark() {
    const button = document.getElementById("play");
    if (!button) return;
    button.setAttribute("aria-pressed", String(playing));
    button.textContent = playing ? "Stop" : "Play the day";
  }
  document.addEventListener("click", (event) => {
    if (event.target.id !== "play") return;
    if (playing) playing = false; else play();
    mark();
  });
})();
