// The interactive frontier: operating points of one rate in one plane, drawn as SVG.
(() => {
  "use strict";
  const root = document.getElementById("explorer");
  if (!root) return;
  const data = JSON.parse(document.getElementById("frontier-data").textContent);
  const colours = Object.fromEntries(data.systems.map((one) => [one.name, one.colour]));
  const state = { rate: data.start, plane: data.planes[0], band: "steps", hidden: new Set(), picked: null };
  const EDGE = { left: 58, right: 14, top: 12, bottom: 46 };

  function html(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }
  function svg(tag, attributes = {}, text = null) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    if (text !== null) made.textContent = text;
    return made;
  }
  const short = (value) => (value === null || value === undefined ? "–" : String(Number(value.toPrecision(3))).replace("-", "−"));
  // The three share their decimals: enough for the width of the interval to show.
  function told([point, low, high]) {
    if (low === high) return `${short(point)} [–]`;
    const decimals = Math.max(0, Math.min(6, 1 - Math.floor(Math.log10(high - low))));
    const [middle, bottom, top] = [point, low, high].map((end) => end.toFixed(decimals).replace("-", "−"));
    return `${middle} [${bottom}, ${top}]`;
  }
  const chance = (value) => (value === null || value === undefined ? "–" : value.toFixed(2));

  // Controls: one group of buttons per choice; the pressed one is chosen.
  function choice(what, options, chosen, pick) {
    const group = html("div", { role: "group", "aria-label": what }, html("span", { class: "what" }, what));
    for (const [value, name] of options) {
      const button = html("button", { type: "button", "aria-pressed": String(value === chosen) }, name);
      button.addEventListener("click", () => {
        for (const other of group.querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === button));
        pick(value);
        draw();
      });
      group.append(button);
    }
    return group;
  }
  function legend() {
    const group = html("div", { class: "legend", role: "group", "aria-label": "Systems shown" });
    for (const { name, colour } of data.systems) {
      const button = html("button", { type: "button", "aria-pressed": "true", style: `--dot: ${colour}` }, name);
      button.addEventListener("click", () => {
        const hide = !state.hidden.has(name);
        state.hidden[hide ? "add" : "delete"](name);
        button.setAttribute("aria-pressed", String(!hide));
        draw();
      });
      group.append(button);
    }
    return html("div", { class: "controls" }, group);
  }

  // Scales: logarithmic where one saturated arm would squeeze all others into a corner.
  function scale(values, from, to) {
    const positive = values.filter((value) => value > 0);
    const wide = positive.length === values.length && Math.max(...values) / Math.min(...values) > 6;
    const turn = wide ? Math.log10 : (value) => value;
    let low = turn(Math.min(...values)), high = turn(Math.max(...values));
    const pad = (high - low || Math.abs(high) || 1) * 0.07;
    low -= pad;
    high += pad;
    const place = (value) => from + ((turn(Math.max(value, wide ? 1e-12 : -Infinity)) - low) / (high - low)) * (to - from);
    return { place, ticks: wide ? logTicks(low, high) : ticks(low, high) };
  }
  function ticks(low, high) {
    const raw = (high - low) / 8, power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map((k) => k * power).find((one) => one >= raw);
    const found = [];
    for (let k = Math.ceil(low / step); k * step <= high; k++) found.push(Number((k * step).toPrecision(10)));
    return found;
  }
  function logTicks(low, high) {
    const found = [];
    for (let power = Math.floor(low); power <= Math.ceil(high); power++)
      for (const k of [1, 2, 5]) {
        const value = Number((k * 10 ** power).toPrecision(6));
        if (Math.log10(value) >= low && Math.log10(value) <= high) found.push(value);
      }
    return found;
  }

  function axes(picture, x, y, width, height) {
    const bottom = height - EDGE.bottom;
    for (const value of x.ticks) {
      const at = x.place(value);
      picture.append(svg("line", { class: "grid", x1: at, x2: at, y1: EDGE.top, y2: bottom }));
      picture.append(svg("text", { x: at, y: bottom + 16, "text-anchor": "middle" }, String(value)));
    }
    for (const value of y.ticks) {
      const at = y.place(value);
      picture.append(svg("line", { class: "grid", x1: EDGE.left, x2: width - EDGE.right, y1: at, y2: at }));
      picture.append(svg("text", { x: EDGE.left - 7, y: at + 4, "text-anchor": "end" }, String(value)));
    }
    picture.append(svg("path", { class: "frame", fill: "none", d: `M${EDGE.left},${EDGE.top}V${bottom}H${width - EDGE.right}` }));
    const middle = (EDGE.top + bottom) / 2;
    picture.append(svg("text", { x: (EDGE.left + width - EDGE.right) / 2, y: height - 10, "text-anchor": "middle" }, data.axes[state.plane.x].title));
    picture.append(svg("text", { x: 14, y: middle, "text-anchor": "middle", transform: `rotate(-90 14 ${middle})` }, data.axes[state.plane.y].title));
  }

  // A line through points; steps hold a value until the next point.
  function line(xs, ys, steps) {
    return xs.map((x, i) => (i === 0 ? `M${x},${ys[0]}` : steps ? `H${x}V${ys[i]}` : `L${x},${ys[i]}`)).join("");
  }
  function band(picture, one, x, y) {
    const steps = one.kind === "steps";
    const xs = one.at.map(x.place);
    const [point, low, high] = [one.estimate, one.low, one.high].map((ends) => ends.map(y.place));
    let back = "";
    for (let i = xs.length - 1; i >= 0; i--)
      back += steps && i < xs.length - 1 ? `V${low[i]}H${xs[i]}` : `L${xs[i]},${low[i]}`;
    const colour = colours[one.system];
    picture.append(svg("path", { d: `${line(xs, high, steps)}${back}Z`, fill: colour, "fill-opacity": 0.13 }));
    picture.append(svg("path", { d: line(xs, point, steps), fill: "none", stroke: colour, "stroke-opacity": 0.75, "stroke-width": 1.2 }));
  }

  function describe(point) {
    const { x, y } = state.plane;
    return `${point.arm}, ${data.axes[x].title} ${told(point.values[x])}, ${data.axes[y].title} ${told(point.values[y])}`;
  }
  function dot(picture, point, x, y) {
    const [across, along] = [point.values[state.plane.x], point.values[state.plane.y]];
    const colour = colours[point.system], at = [x.place(across[0]), y.place(along[0])];
    const bar = { stroke: colour, "stroke-opacity": 0.55, "stroke-width": 1 };
    picture.append(svg("line", { ...bar, x1: x.place(across[1]), x2: x.place(across[2]), y1: at[1], y2: at[1] }));
    picture.append(svg("line", { ...bar, x1: at[0], x2: at[0], y1: y.place(along[1]), y2: y.place(along[2]) }));
    const sure = point.membership[state.plane.membership];
    const known = sure !== null && sure !== undefined;
    const made = svg("circle", {
      class: "dot", cx: at[0], cy: at[1], r: point.member ? 7 : 5, role: "img", "aria-label": describe(point), tabindex: -1,
      fill: known ? colour : "#fff", "fill-opacity": known ? 0.12 + 0.88 * sure : 1,
      stroke: colour, "stroke-width": 1.6, "stroke-dasharray": point.oracle ? "2 2" : "none",
    });
    made.point = point;
    made.addEventListener("mouseenter", () => show(made));
    made.addEventListener("focus", () => show(made));
    return made;
  }

  // Names of members and oracles, where they cover nothing.
  function names(picture, dots, width, height) {
    const taken = dots.map((one) => { const [x, y] = [+one.getAttribute("cx"), +one.getAttribute("cy")]; return [x - 6, y - 6, x + 6, y + 6]; });
    for (const one of dots.filter(({ point }) => point.member || point.oracle)) {
      const [x, y] = [+one.getAttribute("cx"), +one.getAttribute("cy")], wide = one.point.arm.length * 6.4;
      const boxes = [[10, -6], [-10 - wide, -6], [-wide / 2, -22], [-wide / 2, 10], [10, -20], [-10 - wide, -20], [10, 8], [-10 - wide, 8]]
        .map(([dx, dy]) => [x + dx, y + dy, x + dx + wide, y + dy + 12]);
      const free = boxes.find((box) => box[0] > EDGE.left && box[2] < width && box[1] > 0 && box[3] < height - EDGE.bottom
        && !taken.some((other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3]));
      if (!free) continue;
      taken.push(free);
      picture.append(svg("text", { x: free[0], y: free[1] + 10, "pointer-events": "none" }, one.point.arm));
    }
  }

  function show(made) {
    const { point } = made;
    state.picked = point.arm;
    for (const other of drawing.querySelectorAll(".dot")) {
      other.classList.toggle("picked", other === made);
      other.setAttribute("tabindex", other === made ? 0 : -1);
    }
    const rows = Object.entries(data.axes).map(([name, axis]) => [axis.title, told(point.values[name])]);
    if (!point.oracle) {
      rows.push(["On the frontier", point.member ? "yes" : "no"], ["Probability, all three axes", chance(point.membership.membership)]);
      for (const plane of data.planes) rows.push([`Probability, ${plane.name}`, chance(point.membership[plane.membership])]);
    }
    rows.push(["Requests (quality)", point.n], ["Replications (E2E)", point.runs], ["Origin", point.label]);
    const table = html("table", {}, html("tbody", {}, ...rows.map(([name, value]) => html("tr", {}, html("td", {}, name), html("td", {}, String(value))))));
    detail.replaceChildren(html("b", {}, point.arm), html("p", {}, `${point.system}, ${point.rate} requests/s`), table);
  }

  // Arrow keys walk through the points from left to right.
  function walk(event) {
    const steps = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 };
    const dots = [...drawing.querySelectorAll(".dot")].sort((a, b) => a.getAttribute("cx") - b.getAttribute("cx"));
    const here = dots.indexOf(document.activeElement);
    const next = event.key === "Home" ? 0 : event.key === "End" ? dots.length - 1 : here + steps[event.key];
    if (here < 0 || !dots[next]) return;
    event.preventDefault();
    dots[next].focus();
  }

  function draw() {
    const width = Math.max(280, drawing.clientWidth), height = Math.round(Math.max(300, Math.min(520, width * 0.75)));
    const points = data.points.filter((point) => point.rate === state.rate && !state.hidden.has(point.system));
    const picture = svg("svg", {
      viewBox: `0 0 ${width} ${height}`, role: "group",
      "aria-label": `${state.plane.name} at ${state.rate} requests/s, ${points.length} arms; arrow keys walk through them`,
    });
    title.textContent = `${state.plane.name} at ${state.rate} requests/s (${[...new Set(points.map((point) => point.label))].join(" + ")}, ${data.split} split)`;
    drawing.replaceChildren(picture);
    if (!points.length) return;
    const x = scale(points.flatMap((point) => point.values[state.plane.x]), EDGE.left, width - EDGE.right);
    const y = scale(points.flatMap((point) => point.values[state.plane.y]), height - EDGE.bottom, EDGE.top);
    axes(picture, x, y, width, height);
    const frame = svg("clipPath", { id: "explorer-frame" });
    frame.append(svg("rect", { x: EDGE.left, y: EDGE.top, width: width - EDGE.left - EDGE.right, height: height - EDGE.top - EDGE.bottom }));
    const shaded = svg("g", { "clip-path": "url(#explorer-frame)" });
    picture.append(frame, shaded);
    for (const one of data.bands)
      if (one.rate === state.rate && one.plane === state.plane.key && one.kind === state.band && !state.hidden.has(one.system)) band(shaded, one, x, y);
    const dots = points.map((point) => dot(picture, point, x, y));
    picture.append(...dots);
    names(picture, dots, width, height);
    const first = dots.find((one) => one.point.arm === state.picked) || dots.find(({ point }) => point.member && point.system === data.systems[0].name) || dots[0];
    show(first);
  }

  const title = html("h4"), drawing = html("div"), detail = html("div", { class: "detail", "aria-live": "polite" });
  drawing.addEventListener("keydown", walk);
  root.append(
    title,
    html("div", { class: "controls" },
      choice("Rate, requests/s", data.rates.map((rate) => [rate, String(rate)]), state.rate, (rate) => { state.rate = rate; }),
      choice("Plane", data.planes.map((plane) => [plane, plane.name]), state.plane, (plane) => { state.plane = plane; }),
      choice("Frontier as", [["steps", "steps"], ["hull", "hull"], ["", "none"]], state.band, (kind) => { state.band = kind; })),
    legend(),
    html("div", { class: "stage" }, drawing, detail),
    html("p", { class: "hint" }, "Bars are intervals. The fuller a point, the likelier it is on the frontier of this plane; large points are on the frontier of quality, E2E and cost together; dashed rings are oracles. Shading: pointwise band of a system's frontier; the hull mixes its arms at random. Click a system to hide it."),
  );
  root.hidden = false;
  document.documentElement.classList.add("scripted");
  draw();
  window.addEventListener("resize", draw);
})();
