// The map moves: by pointer, wheel, two fingers, keys and buttons. What it shows is the drawing's viewBox.
"use strict";
(function () {
  const CLOSEST = 40, NEARBY = 30, SMALL = 600;
  let view = null; // what a person chose to see
  let isAll = false; // they chose to see all of it
  let pointers = new Map();

  const drawing = () => document.getElementById("map-drawing");
  const frame = () => drawing().dataset.frame.split(" ").map(Number);
  const isSmall = () => drawing().clientWidth < SMALL;
  // At first all of it; on a small screen where most flights are.
  const first = () => (isSmall() && !isAll ? drawing().dataset.near.split(" ").map(Number) : frame());
  const shown = () => { const box = drawing().viewBox.baseVal; return [box.x, box.y, box.width, box.height]; };

  function show([x, y, width, height]) {
    const whole = frame();
    drawing().setAttribute("viewBox", [x, y, width, height].join(" "));
    // Until a person has come nearer, a finger that moves down scrolls the page.
    document.getElementById("map").classList.toggle("near", Boolean(view) && width < whole[2] * 0.99);
    dress();
  }

  // Marks and names keep their size; a name stands where it covers no other, or waits until there is room.
  function dress() {
    const matrix = drawing().getScreenCTM();
    if (!matrix || !matrix.a) return;
    const unit = 1 / matrix.a, small = isSmall() ? 0.7 : 1;
    const taken = [], edge = drawing().getBoundingClientRect();
    const within = [edge.left - matrix.e, edge.top - matrix.f, edge.right - matrix.e, edge.bottom - matrix.f];
    const airports = Array.from(drawing().querySelectorAll(".airports .mark"), (mark) => mark.dataset.at.split(" ").map((value) => value / unit));
    for (const mark of drawing().querySelectorAll(".mark")) {
      const [x, y] = mark.dataset.at.split(" ").map(Number);
      const name = mark.querySelector("text");
      mark.setAttribute("transform", "translate(" + x + " " + y + ") scale(" + (name ? unit : unit * small) + ")");
      if (name) place(name, x / unit, y / unit, taken, airports, within);
    }
  }
  function place(name, x, y, taken, airports, within) {
    const size = parseFloat(getComputedStyle(name).fontSize);
    const wide = name.textContent.length * size * 0.72, high = size;
    const spots = [["start", 6, size * 0.35], ["end", -6, size * 0.35], ["middle", 0, -6], ["middle", 0, 5 + size * 0.85],
                   ["start", 5, -4], ["end", -5, -4], ["start", 5, size + 2], ["end", -5, size + 2]];
    // Away from the airports nearby: of a city's airports each name stands on its own side.
    const near = airports.filter(([ax, ay]) => Math.hypot(ax - x, ay - y) < NEARBY);
    const away = [0, 1].map((axis) => near.reduce((sum, other) =>
      sum + ([x, y][axis] - other[axis]) / (1 + (other[0] - x) ** 2 + (other[1] - y) ** 2), 0)); // the nearest count most
    const side = { start: 1, middle: 0, end: -1 };
    if (near.length > 1) spots.sort((a, b) => away[0] * (side[b[0]] - side[a[0]]) + away[1] * Math.sign(b[2] - 4) - away[1] * Math.sign(a[2] - 4));
    // Rather where it covers no airport's mark, either.
    for (const [anchor, right, down, isFree] of [true, false].flatMap((isFree) => spots.map((spot) => [...spot, isFree]))) {
      const left = x + right - (anchor === "end" ? wide : anchor === "middle" ? wide / 2 : 0), top = y + down - high * 0.8;
      const box = [left, top, left + wide, top + high];
      if (box[0] < within[0] || box[1] < within[1] || box[2] > within[2] || box[3] > within[3]) continue; // it would be cut
      if (isFree && airports.some(([ax, ay]) => ax > box[0] - 2 && ax < box[2] + 2 && ay > box[1] - 2 && ay < box[3] + 2)) continue;
      if (taken.some((other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3])) continue;
      taken.push(box);
      name.setAttribute("text-anchor", anchor);
      name.setAttribute("x", right);
      name.setAttribute("y", down);
      name.removeAttribute("visibility");
      return;
    }
    name.setAttribute("visibility", "hidden");
  }

  function zoom(factor, at) {
    const [x, y, width, height] = shown(), whole = frame();
    const wide = Math.min(whole[2], Math.max(CLOSEST, width * factor)), scale = wide / width;
    isAll = wide >= whole[2];
    if (isAll) { view = null; show(whole); return; }
    const [px, py] = at || [x + width / 2, y + height / 2];
    view = [px - (px - x) * scale, py - (py - y) * scale, wide, height * scale];
    show(view);
  }
  function move(right, down) {
    const [x, y, width, height] = shown(), whole = frame();
    const within = (value, low, high) => Math.min(high, Math.max(low, value));
    view = [within(x + right, whole[0] - width / 2, whole[0] + whole[2] - width / 2),
            within(y + down, whole[1] - height / 2, whole[1] + whole[3] - height / 2), width, height];
    show(view);
  }
  function point(event) {
    const spot = new DOMPoint(event.clientX, event.clientY).matrixTransform(drawing().getScreenCTM().inverse());
    return [spot.x, spot.y];
  }

  document.addEventListener("wheel", (event) => {
    if (!event.target.closest || !event.target.closest("#map")) return;
    if (!view && event.deltaY > 0 && shown()[2] >= frame()[2]) return; // all is seen: the page scrolls on
    event.preventDefault();
    zoom(Math.exp(event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), point(event));
  }, { passive: false });

  document.addEventListener("pointerdown", (event) => {
    if (!event.target.closest("#map-drawing")) return;
    pointers.set(event.pointerId, event);
  });
  document.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before || !drawing()) return;
    if (event.pointerType === "mouse" && !event.buttons) { pointers.delete(event.pointerId); return; }
    const all = [...pointers.values()];
    if (all.length === 1) {
      const [x, y] = point(before), [toX, toY] = point(event);
      move(x - toX, y - toY);
    } else {
      const other = all.find((one) => one.pointerId !== event.pointerId);
      const apart = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
      const middle = { clientX: (event.clientX + other.clientX) / 2, clientY: (event.clientY + other.clientY) / 2 };
      zoom(apart(before) / Math.max(1, apart(event)), point(middle));
    }
    pointers.set(event.pointerId, event);
  });
  for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, (event) => pointers.delete(event.pointerId));

  document.addEventListener("keydown", (event) => {
    if (event.target.id !== "map" || event.ctrlKey || event.metaKey || event.altKey) return;
    const [, , width, height] = shown();
    const keys = {
      ArrowLeft: () => move(-width / 8, 0), ArrowRight: () => move(width / 8, 0), ArrowUp: () => move(0, -height / 8),
      ArrowDown: () => move(0, height / 8), "+": () => zoom(0.7), "=": () => zoom(0.7), "-": () => zoom(1 / 0.7),
      "0": () => zoom(1e6),
    };
    if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
  });
  document.addEventListener("click", (event) => {
    const way = event.target.dataset && event.target.dataset.zoom;
    if (way) zoom({ in: 0.6, out: 1 / 0.6, all: 1e6 }[way]);
  });

  // Another moment of the same day is shown where the person looked.
  function ready() {
    if (!drawing()) return;
    document.querySelector("#map .zoom").hidden = false;
    show(view || first());
  }
  document.addEventListener("htmx:afterSettle", ready);
  window.addEventListener("resize", () => { if (drawing()) show(view || first()); });
  ready();
})();
