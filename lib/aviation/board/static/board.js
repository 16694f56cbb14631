// What the board does without being asked: it follows the loads, turns back time, plays a day, and fills a wall display.
"use strict";
(function () {
  const at = (id) => document.getElementById(id);
  const say = (text) => { at("live").textContent = text; };
  const chosen = () => new URLSearchParams(location.search);
  const polls = () => (at("scrubber") ? at("scrubber").dataset.polls.split(" ") : []);
  const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

  // Draw a part of the page again, as its address says.
  function draw(part) {
    const address = location.pathname + location.search;
    return htmx.ajax("GET", address, { target: part, select: part, swap: "outerHTML" }).then(settle);
  }
  // What stands outside of that part goes by the address, too.
  function settle() {
    const query = chosen();
    for (const link of document.querySelectorAll("#pages a")) {
      const address = new URL(link.href);
      for (const name of ["date", "as_of"]) {
        if (query.has(name)) address.searchParams.set(name, query.get(name)); else address.searchParams.delete(name);
      }
      link.href = address;
    }
    if (at("newest")) at("newest").hidden = !query.has("as_of");
    mark();
  }

  // A load has finished: whatever is open and not about the past is drawn again. A tab that nobody sees does not listen:
  // a browser keeps few connections to one board.
  let events;
  function listen() {
    events = new EventSource("/events");
    events.addEventListener("loaded", () => { htmx.trigger(document.body, "loaded"); renew(); });
    events.addEventListener("quiet", () => htmx.trigger(document.body, "quiet"));
    events.addEventListener("error", () => say("The board does not answer: trying again."));
    events.addEventListener("open", () => { if (at("live").textContent.startsWith("The board")) say(""); });
  }
  // Not under the hands of somebody who is filling in a form: when they leave it.
  const isFilling = () => Boolean(document.activeElement && document.activeElement.closest(".hush-forms"));
  let isOwed = false;
  document.addEventListener("focusout", () => setTimeout(() => { if (isOwed) renew(); }));
  function renew() {
    const again = at("main").dataset.again, isPast = again === "newest" && chosen().has("as_of");
    isOwed = again !== "never" && !isPast && isFilling();
    if (again === "never" || isPast || isOwed) { say("A load has brought newer data."); return; }
    draw("#main").then(() => say("Updated at " + new Date().toLocaleTimeString()));
  }
  document.addEventListener("visibilitychange", () => {
    events.close();
    if (document.visibilityState === "hidden") return;
    listen();
    htmx.trigger(document.body, "loaded"); // there may have been one
    renew();
  });
  listen();

  // What a person has unfolded stays so.
  let open = [];
  document.addEventListener("htmx:beforeSwap", () => {
    open = Array.from(document.querySelectorAll("#main details[id][open]"), (one) => one.id);
  });
  document.addEventListener("htmx:afterSwap", () => {
    for (const one of document.querySelectorAll("#main details[id]")) if (open.includes(one.id)) one.open = true;
  });

  // The moment of a page is in its address. Moments that follow each other quickly are one step back.
  let stepped = 0;
  function addressed(changes) {
    const address = new URL(location.href);
    for (const [name, value] of Object.entries(changes)) {
      if (value) address.searchParams.set(name, value); else address.searchParams.delete(name);
    }
    address.searchParams.delete("page");
    return address;
  }
  function go(changes) {
    const address = addressed(changes);
    const isNew = Date.now() - stepped > 1500;
    stepped = Date.now();
    history[isNew ? "pushState" : "replaceState"](null, "", address);
  }
  function show(number) {
    const all = polls();
    go({ as_of: number < all.length - 1 ? all[number] : "" });
    name(number);
    return draw("#content");
  }
  function name(number) {
    const poll = polls()[number], day = document.querySelector(".moment [name=date]").value;
    const on = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" }).format(new Date(poll));
    const text = poll.slice(11, 16) + " UTC" + (poll.startsWith(day) ? "" : " on " + on);
    at("scrubber").value = number;
    at("scrubber").setAttribute("aria-valuetext", text);
    at("scrubbed").textContent = text;
  }
  addEventListener("DOMContentLoaded", () => { // after htmx has set its own
    window.onpopstate = () => { playing = false; stepped = 0; draw("#main"); };
  });

  let waiting;
  document.addEventListener("input", (event) => {
    if (event.target.id !== "scrubber") return;
    playing = false;
    name(event.target.value);
    clearTimeout(waiting);
    waiting = setTimeout(() => show(Number(at("scrubber").value)), 120);
  });
  document.addEventListener("change", (event) => {
    if (event.target.name !== "date" || !event.target.closest(".moment")) return;
    stepped = 0;
    go({ date: event.target.value, as_of: "" });
    draw("#main");
  });

  // A day as a film: a poll after the other, each shown for about half a second.
  let playing = false;
  async function play() {
    const last = polls().length - 1;
    let number = Number(at("scrubber").value) + 1;
    if (number > last) number = 0;
    const height = () => at("main").offsetHeight + "px"; // the page does not jump where a moment has less to show
    at("main").style.minHeight = height();
    for (playing = true, mark(); playing && number <= last; number += 1) {
      stepped = stepped && Date.now(); // the film is one step back
      const shown = show(number);
      if (number < last - 1) fetch(addressed({ as_of: polls()[number + 1] })).catch(() => {}); // so that it is known when its turn comes
      await Promise.all([shown, pause(450)]);
      at("main").style.minHeight = height();
    }
    playing = false;
    mark();
  }
  function mark() {
    if (!at("play")) return;
    at("play").setAttribute("aria-pressed", String(playing));
    at("play").textContent = playing ? "Stop" : "Play the day";
  }
  document.addEventListener("click", (event) => {
    if (event.target.id !== "play") return;
    if (playing) playing = false; else { stepped = 0; play(); }
    mark();
  });

  // A wall display has nothing to press: what does not fit is counted, and no line is cut.
  function fit() {
    if (!matchMedia("(min-width: 760px)").matches) return; // a phone scrolls
    const list = document.querySelector("#attention .cases"), board = document.querySelector("table.board tbody");
    if (board) trim(board);
    if (!list) return;
    list.append(...document.querySelectorAll("#more-cases > .cases > li"));
    if (!at("rest")) list.insertAdjacentHTML("afterend", '<p id="rest">and 0 more</p>');
    at("rest").hidden = true;
    let left = trim(list);
    if (!left.length) return;
    at("rest").hidden = false;
    left = trim(list, at("rest").offsetHeight);
    const flights = left.reduce((sum, row) => sum + row.querySelectorAll(".case").length, 0);
    at("rest").textContent = "and " + flights.toLocaleString("en") + " more";
  }
  // Hide the rows that do not fit into their card with what stands beneath them, so high; the hidden ones.
  function trim(rows, beneath = 0) {
    const all = Array.from(rows.children);
    for (const row of all) row.hidden = false;
    const card = rows.closest(".card"), room = parseFloat(getComputedStyle(card).paddingBottom);
    const lowest = Math.min(card.getBoundingClientRect().bottom, innerHeight - room) - room - beneath;
    const whole = all.filter((row) => row.getBoundingClientRect().bottom <= lowest);
    const hidden = all.slice(whole.length);
    for (const row of hidden) row.hidden = true;
    return hidden;
  }

  // A wall display goes through the pages by itself, at the newest; ?kiosk=30 stays 30 seconds with each. A moment that
  // was chosen stands still.
  const STOPS = ["/", "/flights?sort=delay&descending=true", "/map"];
  async function tour() {
    const seconds = Number(chosen().get("kiosk")) || 20;
    let stop = Math.max(0, STOPS.findIndex((one) => one.split("?")[0] === location.pathname));
    for (;;) {
      const address = new URL(STOPS[stop], location.href);
      address.searchParams.set("kiosk", seconds);
      history.replaceState(null, "", address);
      await draw("#main").catch(() => {});
      scrollTo(0, 0);
      for (let left = seconds * 10; left > 0; left -= isHeld ? 0 : 1) await pause(100);
      stop = (stop + 1) % STOPS.length;
    }
  }
  let isHeld = false;
  if (chosen().has("kiosk")) {
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { const address = new URL(location.href); address.searchParams.delete("kiosk"); location.assign(address); }
      if (event.key === " ") { isHeld = !isHeld; say(isHeld ? "Held: space goes on, Esc leaves." : ""); event.preventDefault(); }
    });
    document.addEventListener("htmx:afterSettle", fit);
    addEventListener("resize", fit);
    fit();
    if (!chosen().has("as_of")) tour();
  }
})();
