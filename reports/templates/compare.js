"use strict";
(function () {
  const { data, words, byId, make, drawing, number, symbol, map, home } = page;
  const SHORT = 8; // lines of a list before the rest is asked for
  const NOBODY = 0.5; // people
  const LOSS = 4; // the first class that is a loss
  const PER_LINE = 3;
  // The order in which the measures of a service and zone stand in the data.
  const PEOPLE = 0, BEFORE = 1, AFTER = 2, CHANGE = 3, GAIN = 4, LOSE = 5, LARGEST = 6, NEWLY = 7, LEFT = 8, TOTAL = 9;

  function signed(value, digits) {
    if (value === null || value === undefined) return "—";
    const text = number(Math.abs(value), digits);
    return (value > 0 ? "+" : value < 0 ? "−" : "") + text;
  }

  function plain(value, digits) {
    return value === null || value === undefined ? "—" : number(value, digits);
  }

  // --- Zones -------------------------------------------------------------------------

  byId("hatch-line").setAttribute("stroke", data.hatch);
  let service = data.services[0];
  const border = { color: "#a6adb5", weight: 0.7, fillOpacity: 1 };
  const svg = L.svg({ padding: 0.5 });
  const layers = data.zones.map(function (zone, at) {
    const style = Object.assign({ renderer: svg }, border);
    const layer = zone.shape
      ? L.polygon(zone.shape, style)
      : L.circleMarker(zone.place, Object.assign({ radius: 6 }, style));
    layer.bindTooltip(function () {
      const box = make("div");
      box.append(make("strong", zone.name), make("br"), make("span", zoneLine(at)));
      return box;
    }, { sticky: true });
    layer.on("click", function () { showZone(at, false); });
    return layer.addTo(map);
  });
  const hatches = data.zones.map(function (zone) {
    const style = { stroke: false, fillColor: "url(#hatch)", fillOpacity: 0.75, interactive: false, renderer: svg };
    return zone.shape
      ? L.polygon(zone.shape, style)
      : L.circleMarker(zone.place, Object.assign({ radius: 6 }, style));
  });
  map.createPane("signs").style.zIndex = 470;
  map.getPane("signs").style.pointerEvents = "none";
  let signs = [];

  function sign(at, text, name, shift) {
    const icon = L.divIcon({ className: "sign " + name, html: make("span", text), iconSize: [15, 15], iconAnchor: [7 + shift, -3] });
    signs.push(L.marker(data.zones[at].place, { icon: icon, interactive: false, keyboard: false, pane: "signs" }).addTo(map));
  }

  function drawZones() {
    for (const one of signs) one.remove();
    signs = [];
    service.levels.forEach(function (level, at) {
      layers[at].setStyle({ fillColor: level === null ? data.blank : data.colours[level] });
      if (level !== null && level >= LOSS) hatches[at].addTo(map); else hatches[at].remove();
      const row = service.zones[at];
      if (row && row[NEWLY] > NOBODY) sign(at, "+", "newly", 9);
      if (row && row[LEFT] > NOBODY) sign(at, "−", "left", -9);
    });
  }

  function zoneLine(at) {
    const row = service.zones[at];
    const county = data.zones[at].county;
    const name = county === null ? "" : data.counties[county].name;
    if (!row || !row[PEOPLE]) return [name, words.blank].filter(Boolean).join(" · ");
    return [name, service.name, meanWords(row)].filter(Boolean).join(" · ");
  }

  function meanWords(row) {
    if (row[CHANGE] === null) return words.blank;
    return words.mean + " " + plain(row[BEFORE], 1) + " → " + plain(row[AFTER], 1) + " (" + signed(row[CHANGE], 2) + ")";
  }

  // --- What changed, on the map ------------------------------------------------------

  const shown = data.changes.filter((c) => c.action && c.place && data.symbols[c.service] && data.symbols[c.service].drawn);
  const sites = new Map(); // place -> what is drawn there
  function put(place, change, action, title) {
    const key = place.join(",");
    if (!sites.has(key)) sites.set(key, { place: place, rows: [] });
    sites.get(key).rows.push({ change: change, action: action, title: title });
  }
  for (const change of shown) {
    if (change.kind === "moved") {
      put(change.place, change, "close", change.site);
      put(change.toPlace, change, "build", change.to);
    } else {
      put(change.place, change, change.action, change.site);
    }
  }
  let arrows = [];
  const markers = [...sites.values()].map(function (site) {
    const marker = L.marker(site.place, { title: site.rows[0].title, riseOnHover: true, icon: L.divIcon({ className: "" }) });
    marker.on("click", function () { showSite(site, false); });
    return { site: site, marker: marker.addTo(map) };
  });

  function drawSites() {
    const size = Math.max(10, Math.min(20, 11 + 2.5 * (map.getZoom() - home)));
    for (const { site, marker } of markers) {
      const box = make("div", null, "marker");
      for (const row of site.rows) box.append(symbol(data.symbols[row.change.service], row.action, size));
      const width = Math.min(site.rows.length, PER_LINE) * (size + 1);
      const height = Math.ceil(site.rows.length / PER_LINE) * (size + 1);
      marker.setIcon(L.divIcon({ html: box, className: "", iconSize: [width, height] }));
      if (site.rows.some((row) => row.action === "build")) marker.setZIndexOffset(1000);
    }
    drawArrows(size);
  }

  // The head of an arrow keeps its size on the screen, so it is drawn anew at each zoom.
  function drawArrows(size) {
    for (const arrow of arrows) arrow.remove();
    arrows = [];
    const line = { color: "#111111", weight: 2, interactive: false, pane: "counties" };
    for (const change of shown) {
      if (change.kind !== "moved") continue;
      const from = map.latLngToLayerPoint(change.place);
      const to = map.latLngToLayerPoint(change.toPlace);
      const length = from.distanceTo(to);
      if (length < 1.5 * size) continue;
      const along = to.subtract(from).divideBy(length);
      const tip = to.subtract(along.multiplyBy(size / 2 + 1));
      const back = tip.subtract(along.multiplyBy(9));
      const aside = L.point(-along.y, along.x).multiplyBy(4);
      const head = [tip, back.add(aside), back.subtract(aside)].map((p) => map.layerPointToLatLng(p));
      arrows.push(L.polyline([change.place, map.layerPointToLatLng(back)], line).addTo(map));
      arrows.push(L.polygon(head, Object.assign({}, line, { weight: 1, fill: true, fillColor: "#111111", fillOpacity: 1 })).addTo(map));
    }
  }
  map.on("zoomend", drawSites);

  // --- Details -----------------------------------------------------------------------

  const details = byId("details");
  let outlined = null;

  function outline(at) {
    if (outlined !== null) layers[outlined].setStyle(border);
    outlined = at;
    if (at !== null) { layers[at].setStyle({ color: "#111111", weight: 2.5 }); layers[at].bringToFront(); drawHatchOnTop(at); }
  }
  function drawHatchOnTop(at) { if (map.hasLayer(hatches[at])) hatches[at].bringToFront(); }

  function open(heading, fill, moveFocus) {
    details.replaceChildren();
    const close = make("button", words.close, "close");
    close.type = "button";
    close.addEventListener("click", function () { details.hidden = true; outline(null); });
    details.append(close, make("h2", heading));
    fill();
    details.hidden = false;
    if (moveFocus) details.focus({ preventScroll: true });
    details.scrollIntoView({ block: "start" });
  }

  function fact(list, term, value) {
    if (value === null || value === undefined || value === "" ) return;
    list.append(make("dt", term), make("dd", value));
  }

  function measures(row) {
    const list = make("dl");
    fact(list, words.compared, plain(row[PEOPLE]) + " " + words.people);
    if (row[CHANGE] !== null) fact(list, words.mean, plain(row[BEFORE], 1) + " → " + plain(row[AFTER], 1) + " (" + signed(row[CHANGE], 2) + ")");
    if (row[GAIN]) fact(list, words.gain, plain(row[GAIN]) + " " + words.people);
    if (row[LOSE]) fact(list, words.lose, plain(row[LOSE]) + " " + words.people);
    if (row[LARGEST]) fact(list, words.largest, plain(row[LARGEST], 1));
    if (row[NEWLY]) fact(list, words.newly, plain(row[NEWLY]) + " " + words.people);
    if (row[LEFT]) fact(list, words.left, plain(row[LEFT]) + " " + words.people);
    return list;
  }

  function showZone(at, moveFocus) {
    const zone = data.zones[at];
    outline(at);
    open(zone.name, function () {
      if (zone.county !== null) details.append(make("p", data.counties[zone.county].name, "facts"));
      for (const one of data.services) {
        const row = one.zones[at];
        if (!row) continue;
        const box = make("div", null, "card");
        box.append(make("h3", one.name), measures(row));
        details.append(box);
      }
    }, moveFocus);
  }

  function changeCard(change) {
    const box = make("div", null, "card");
    const title = make("h3");
    const look = data.symbols[change.service];
    if (look && change.action) title.append(symbol(look, change.action, 14));
    title.append(make("span", change.name), make("span", words.kinds[change.kind], "badge"));
    const list = make("dl");
    fact(list, data.labels[0], change.was);
    fact(list, data.labels[1], change.is);
    if (change.to) fact(list, words.to, change.to + " (" + plain(change.km, 1) + " " + words.km + ")");
    box.append(title, list);
    return box;
  }

  function showSite(site, moveFocus) {
    outline(null);
    open(site.rows[0].title, function () {
      details.append(make("p", site.rows[0].change.county, "facts"));
      for (const row of site.rows) details.append(changeCard(row.change));
    }, moveFocus);
  }

  // --- Lists -------------------------------------------------------------------------

  // A list of buttons; the first few, and the rest when asked for.
  function list(items, build) {
    const box = make("div");
    const lines = make("ul", null, "list");
    box.append(lines);
    const add = (some) => { for (const item of some) { const line = make("li"); line.append(build(item)); lines.append(line); } };
    add(items.slice(0, SHORT));
    if (items.length > SHORT) {
      const more = make("button", words.all.replace("#", items.length), "more");
      more.type = "button";
      more.addEventListener("click", function () { more.remove(); add(items.slice(SHORT)); });
      box.append(more);
    }
    return box;
  }

  function line(what, small, amount, mark, go) {
    const button = make("button");
    button.type = "button";
    if (mark) button.append(mark);
    const text = make("span", what, "what");
    if (small) text.append(make("small", small));
    button.append(text);
    if (amount) button.append(make("span", amount, "amount"));
    if (go) button.addEventListener("click", go); else button.disabled = true;
    return button;
  }

  function zoneButton(at) {
    const row = service.zones[at];
    const county = data.zones[at].county;
    const people = [
      row[LOSE] ? words.lose + " " + plain(row[LOSE]) + " " + words.people : "",
      row[GAIN] ? words.gain + " " + plain(row[GAIN]) + " " + words.people : "",
    ].filter(Boolean).join(" · ");
    const small = [county === null ? "" : data.counties[county].name, people].filter(Boolean).join(" · ");
    return line(data.zones[at].name, small, signed(row[CHANGE], 2) + " " + words.minutes, null, function () {
      map.setView(data.zones[at].place, Math.max(map.getZoom(), home + 2));
      showZone(at, true);
    });
  }

  function drawLists() {
    const box = byId("zone-lists");
    box.replaceChildren();
    const rows = service.order;
    const worse = rows.filter((at) => service.zones[at][TOTAL] > 0);
    const better = rows.filter((at) => service.zones[at][TOTAL] < 0).reverse();
    for (const [title, held] of [[words.losers, worse], [words.gainers, better]]) {
      box.append(make("h3", title + " (" + held.length + ")"));
      box.append(held.length ? list(held, zoneButton) : make("p", words.none, "facts"));
    }
  }

  function changeButton(change) {
    const look = data.symbols[change.service];
    const mark = look && change.action ? symbol(look, change.action, 14) : null;
    const where = change.to ? change.site + " → " + change.to : change.site;
    const small = [change.name, change.county, change.was + " → " + change.is].filter(Boolean).join(" · ");
    const km = change.km === null ? "" : plain(change.km, 1) + " " + words.km;
    const go = !change.place ? null : function () {
      map.setView(change.toPlace || change.place, Math.max(map.getZoom(), home + 2.5));
    };
    return line(where, small, km, mark, go);
  }

  // --- The panel ---------------------------------------------------------------------

  function drawChoice() {
    byId("whole").textContent = meanWords(service.whole) + " · " + words.gain + " " + plain(service.whole[GAIN])
      + " · " + words.lose + " " + plain(service.whole[LOSE])
      + " · " + words.newly + " " + plain(service.whole[NEWLY])
      + " · " + words.left + " " + plain(service.whole[LEFT]);
    const ramp = byId("ramp");
    ramp.replaceChildren();
    service.labels.forEach(function (label, at) {
      const cell = make("div");
      const box = drawing("svg", { viewBox: "0 0 40 12", preserveAspectRatio: "none", "aria-hidden": "true" });
      box.append(drawing("rect", { width: 40, height: 12, fill: data.colours[at] }));
      if (at >= LOSS) box.append(drawing("rect", { width: 40, height: 12, fill: "url(#hatch)" }));
      cell.append(box, make("span", label));
      ramp.append(cell);
    });
  }

  function choose(at) {
    service = data.services[at];
    outline(null);
    details.hidden = true;
    drawZones();
    drawChoice();
    drawLists();
  }

  const select = byId("service");
  data.services.forEach(function (one, at) {
    const option = make("option", one.name);
    option.value = at;
    select.append(option);
  });
  select.addEventListener("change", function () { choose(Number(select.value)); });

  const signBox = byId("signs");
  for (const [text, name, meaning] of [["+", "newly", words.newlySign], ["−", "left", words.leftSign]]) {
    const one = make("span");
    one.append(make("b", text, name), make("span", " " + meaning));
    signBox.append(one);
  }
  const blank = make("span");
  blank.append(make("i", null, "swatch"), make("span", words.blank));
  signBox.append(blank);

  const kinds = [["opened", "build"], ["dropped", "close"], ["moved", "build"]];
  const symbols = make("table");
  const symbolHead = make("tr");
  symbolHead.append(make("th"));
  for (const [kind] of kinds) symbolHead.append(make("th", words.kinds[kind]));
  symbols.append(symbolHead);
  byId("symbols").append(symbols);
  for (const key of Object.keys(data.symbols)) {
    const look = data.symbols[key];
    const row = make("tr");
    row.append(make("td", look.name));
    for (const [kind, action] of kinds) {
      const count = data.changes.filter((c) => c.service === key && c.kind === kind).length;
      const cell = make("td");
      if (count) {
        const mark = make("span", null, "mark");
        if (kind === "moved") mark.append(make("span", "→"));
        mark.append(symbol(look, action, 13), make("span", count));
        cell.append(mark);
      } else {
        cell.textContent = "–";
      }
      row.append(cell);
    }
    symbols.append(row);
  }
  byId("legend").hidden = !Object.keys(data.symbols).length;

  const table = byId("figure-table");
  const head = make("tr");
  for (const title of [words.figure, data.labels[0], data.labels[1], words.difference]) head.append(make("th", title));
  table.append(head);
  for (const [text, before, after, difference] of data.figures) {
    const row = make("tr");
    const digits = Math.abs(before || after || 0) >= 1000 ? 0 : 2;
    row.append(make("td", text), make("td", plain(before, digits)), make("td", plain(after, digits)));
    row.append(make("td", signed(difference, digits)));
    table.append(row);
  }

  const changeBox = byId("change-lists");
  for (const kind of Object.keys(words.kinds)) {
    const held = data.changes.filter((change) => change.kind === kind);
    if (!held.length) continue;
    changeBox.append(make("h3", words.kinds[kind] + " (" + held.length + ")"), list(held, changeButton));
  }
  if (!data.changes.length) changeBox.append(make("p", words.none, "facts"));

  const verdictBox = byId("verdict-list");
  if (!data.verdicts.length) verdictBox.append(make("p", words.none, "facts"));
  else verdictBox.append(list(data.verdicts, function (row) {
    const box = make("div", null, "card");
    box.append(make("h3", row.unit + " · " + row.rule));
    box.append(make("p", row.kind + ": " + row.verdicts.join(" → ")), make("p", row.found.join(" → ")));
    const quote = make("blockquote", row.quote);
    quote.append(make("cite", row.clause));
    box.append(quote);
    return box;
  }));

  byId("title").textContent = data.title;
  byId("subtitle").textContent = data.subtitle;
  byId("service-label").textContent = words.choose;
  byId("ramp-title").textContent = words.ramp;
  byId("legend-title").textContent = words.legend;
  byId("figures-title").textContent = words.figures;
  byId("zones-title").textContent = words.zones;
  byId("changes-title").textContent = words.changes;
  byId("verdicts-title").textContent = words.verdicts;
  byId("standing").textContent = data.standing;
  byId("sources").textContent = words.sources;
  for (const note of data.notes) byId("notes").append(make("p", note));

  drawSites();
  choose(0);
  document.body.dataset.ready = "yes";
}());
