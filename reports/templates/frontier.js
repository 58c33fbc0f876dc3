"use strict";
// Every name of the data is put on the page as text, never as markup.
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const words = data.words;
  const byId = (id) => document.getElementById(id);
  const SVG = "http://www.w3.org/2000/svg";
  const WIDE = 860, HIGH = 500;
  const FRAME = { left: 92, right: 24, top: 34, bottom: 58 };

  function make(tag, text, name) {
    const element = document.createElement(tag);
    if (text !== undefined && text !== null) element.textContent = text;
    if (name) element.className = name;
    return element;
  }

  function drawing(tag, attributes, text) {
    const element = document.createElementNS(SVG, tag);
    for (const key of Object.keys(attributes)) element.setAttribute(key, attributes[key]);
    if (text !== undefined) element.textContent = text;
    return element;
  }

  function number(value) {
    return value.toLocaleString(data.lang === "zh" ? "zh-CN" : "en", { maximumFractionDigits: 4 });
  }

  // --- Scales ------------------------------------------------------------------------

  const plotted = data.points.filter((point) => point.x !== null);

  function span(values) {
    const low = Math.min(...values), high = Math.max(...values);
    const room = (high - low || Math.abs(high) || 1) * 0.07;
    return [low - room, high + room];
  }

  const corners = data.line.concat(data.free);
  for (const box of data.boxes) corners.push([box[0], box[2]], [box[1], box[3]]);
  const spanX = span(corners.map((c) => c[0])), spanY = span(corners.map((c) => c[1]));
  const toX = (x) => FRAME.left
    + (x - spanX[0]) / (spanX[1] - spanX[0]) * (WIDE - FRAME.left - FRAME.right);
  const toY = (y) => HIGH - FRAME.bottom
    - (y - spanY[0]) / (spanY[1] - spanY[0]) * (HIGH - FRAME.top - FRAME.bottom);

  function ticks(limits) {
    const rough = (limits[1] - limits[0]) / 7;
    const unit = Math.pow(10, Math.floor(Math.log10(rough)));
    const step = [1, 2, 5, 10].map((n) => n * unit).find((n) => n >= rough);
    const found = [];
    for (let n = Math.ceil(limits[0] / step); n * step <= limits[1]; n += 1) found.push(n * step);
    return found;
  }

  // --- The chart ---------------------------------------------------------------------

  const svg = drawing("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "group", "aria-label": data.title });
  const hatch = drawing("pattern", {
    id: "hatch", width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)",
  });
  hatch.append(
    drawing("rect", { width: 7, height: 7, fill: "#f8f6ee" }),
    drawing("line", { x1: 0, y1: 0, x2: 0, y2: 7, stroke: "#c9c2a5", "stroke-width": 2 }),
  );
  const defs = drawing("defs", {});
  defs.append(hatch);
  svg.append(defs);
  const floor = HIGH - FRAME.bottom, end = WIDE - FRAME.right;
  for (const x of ticks(spanX)) {
    svg.append(
      drawing("line", { class: "grid", x1: toX(x), x2: toX(x), y1: FRAME.top, y2: floor }),
      drawing("text", { class: "tick", x: toX(x), y: floor + 18, "text-anchor": "middle" }, number(x)),
    );
  }
  for (const y of ticks(spanY)) {
    svg.append(
      drawing("line", { class: "grid", x1: FRAME.left, x2: end, y1: toY(y), y2: toY(y) }),
      drawing("text", { class: "tick", x: FRAME.left - 8, y: toY(y) + 4, "text-anchor": "end" }, number(y)),
    );
  }
  svg.append(
    drawing("line", { class: "axis", x1: FRAME.left, x2: end, y1: floor, y2: floor }),
    drawing("line", { class: "axis", x1: FRAME.left, x2: FRAME.left, y1: FRAME.top, y2: floor }),
    drawing("text", { class: "name", x: end, y: HIGH - 12, "text-anchor": "end" }, data.labels[0]),
    drawing("text", { class: "name", x: 8, y: 18 }, data.labels[1]),
  );
  for (const box of data.boxes) {
    svg.append(drawing("rect", {
      class: "open", x: toX(box[0]), y: toY(box[3]),
      width: toX(box[1]) - toX(box[0]), height: toY(box[2]) - toY(box[3]),
    }));
  }
  const path = (line) => line.map((c) => `${toX(c[0])},${toY(c[1])}`).join(" ");
  if (data.free.length) svg.append(drawing("polyline", { class: "free", points: path(data.free) }));
  svg.append(drawing("polyline", { class: "steps", points: path(data.line) }));

  const dots = new Map();
  for (const point of plotted) {
    const dot = drawing(point.link ? "a" : "g", {
      class: `dot${point.knee ? " knee" : ""}${point.proven ? "" : " hollow"}`, tabindex: 0,
    });
    if (point.link) dot.setAttribute("href", point.link);
    const name = words.point.replace("{n}", point.n);
    dot.append(
      drawing("title", {}, [name].concat(point.figures.map((f) => f.join(": "))).join("\n")),
      drawing("circle", { cx: toX(point.x), cy: toY(point.y), r: point.knee ? 7 : 5.5 }),
      drawing("text", { x: toX(point.x) + 9, y: toY(point.y) - 8 },
        point.knee ? `${point.n} ${words.knee}` : point.n),
    );
    for (const event of ["mouseenter", "focus"]) dot.addEventListener(event, () => show(point));
    dots.set(point.n, dot);
    svg.append(dot);
  }
  byId("chart").append(svg);

  // --- The box beside it -------------------------------------------------------------

  function show(point) {
    for (const [n, dot] of dots) dot.classList.toggle("chosen", n === point.n);
    for (const head of document.querySelectorAll("th[data-n]")) {
      head.classList.toggle("chosen", Number(head.dataset.n) === point.n);
    }
    const box = byId("details");
    const title = words.point.replace("{n}", point.n) + (point.knee ? ` · ${words.knee}` : "");
    const list = make("dl");
    for (const [what, much] of point.figures) list.append(make("dt", what), make("dd", much));
    box.replaceChildren(make("h2", title), list);
    if (point.link) {
      const link = make("a", words.open);
      link.setAttribute("href", point.link);
      box.append(link);
    }
    const column = data.sites.columns.indexOf(point.n);
    if (column < 0) return;
    const placed = make("ul");
    for (const row of data.sites.rows) {
      if (row.marks[column]) placed.append(make("li", `${row.site} · ${row.service} · ${row.marks[column]}`));
    }
    box.append(placed);
  }

  // --- Sites -------------------------------------------------------------------------

  const table = make("table"), head = make("tr");
  for (const name of ["site", "county", "service", "count"]) head.append(make("th", words[name]));
  for (const n of data.sites.columns) {
    const cell = make("th", n);
    cell.dataset.n = n;
    head.append(cell);
  }
  table.append(head);
  const lines = data.sites.rows.map(function (row) {
    const line = make("tr", null, row.every ? "every" : "");
    line.append(make("td", row.site), make("td", row.county), make("td", row.service));
    line.append(make("td", row.every ? `${row.points} (${words.every})` : row.points));
    for (const mark of row.marks) line.append(make("td", mark, mark ? "mark" : "none"));
    table.append(line);
    return { line: line, every: row.every };
  });
  byId("sites").append(table);
  byId("only").addEventListener("change", function () {
    for (const item of lines) item.line.hidden = this.checked && item.every;
  });

  // --- Words -------------------------------------------------------------------------

  byId("title").textContent = data.title;
  for (const line of data.summary) byId("summary").append(make("li", line));
  byId("hint").textContent = data.linked ? words.hint : words.unlinked;
  byId("sites-title").textContent = words.sites;
  byId("only-label").textContent = words.only_new;

  function entry(label, shape) {
    const item = make("span");
    const picture = drawing("svg", { width: 26, height: 14, "aria-hidden": "true" });
    picture.append(shape);
    item.append(picture, make("span", label));
    byId("key").append(item);
  }
  const dot = { cx: 13, cy: 7, r: 5, stroke: "#0b4f9e", "stroke-width": 2 };
  entry(words.proven, drawing("circle", Object.assign({ fill: "#0b4f9e" }, dot)));
  if (plotted.some((point) => !point.proven)) {
    entry(words.unproven, drawing("circle", Object.assign({ fill: "#fff" }, dot)));
  }
  if (plotted.some((point) => point.knee)) {
    entry(words.knee, drawing("circle", { cx: 13, cy: 7, r: 6, fill: "#b00020" }));
  }
  entry(words.line, drawing("line", { x1: 0, x2: 26, y1: 7, y2: 7, class: "steps" }));
  if (data.free.length) entry(words.free, drawing("line", { x1: 0, x2: 26, y1: 7, y2: 7, class: "free" }));
  if (data.boxes.length) entry(words.between, drawing("rect", { width: 26, height: 14, class: "open" }));
  const first = plotted.find((point) => point.knee) || plotted[0];
  if (first) show(first);
  document.body.dataset.ready = "yes";
}());
