"use strict";
(function () {
  const { data, words, byId, make, drawing, number, state, symbol, map, home } = page;
  const PER_LINE = 3; // symbols beside each other at one site

  const plainZone = { color: "#a6adb5", weight: 0.7, fillOpacity: 1 };
  const zoneLayers = data.zones.map(function (zone) {
    const style = Object.assign({ fillColor: data.colours[zone.level] }, plainZone);
    const layer = zone.shape
      ? L.polygon(zone.shape, style)
      : L.circleMarker(zone.place, Object.assign({ radius: 4 + 3 * zone.level }, style));
    layer.bindTooltip(function () {
      const box = make("div");
      box.append(make("strong", zone.name), make("br"));
      box.append(make("span", zoneLine(zone)));
      for (const line of reachLines(zone)) box.append(make("br"), make("span", line));
      for (const chain of zone.chains) box.append(make("br"), make("span", chain));
      return box;
    }, { sticky: true });
    layer.on("click", function () { showZone(zone, false); });
    return layer.addTo(map);
  });

  // Groups of a higher tier come later and wider: their borders lie over the others.
  const GROUP = "#8a1c4a";
  map.createPane("groups").style.zIndex = 455;
  map.getPane("groups").style.pointerEvents = "none";
  const borders = data.borders.map(function (network) {
    return L.polyline(network.lines, {
      pane: "groups", color: GROUP, weight: 1.25 * network.width, fill: false,
      dashArray: network.dashed ? "6 5" : null, interactive: false,
    }).addTo(map);
  });

  // What lies on the ground is shown when the reader asks for it.
  map.createPane("ground").style.zIndex = 440;
  const REACHED = "#0b6e4f";
  const GROUNDS = ["#1b6ca8", "#b5651d", "#6a4c93", "#3c7a3c", "#a63d40", "#4d6a6d"];
  const grounds = data.ground.layers.map(function (layer) {
    const whole = layer.kind === "isochrones";
    return L.layerGroup(layer.shapes.map(function (one, at) {
      const shape = L.polygon(one.shape, {
        pane: "ground", weight: 1.5, fillOpacity: whole ? 0.2 : 0.3,
        color: whole ? REACHED : GROUNDS[at % GROUNDS.length], interactive: !whole,
      });
      if (!whole) {
        const box = make("span", one.name + " · " + words.served + " " + number(one.people));
        shape.bindTooltip(box, { sticky: true });
      }
      return shape;
    }));
  });

  function zoneLine(zone) {
    return [data.counties[zone.county].name, zone.kind,
      words.people + " " + number(zone.people)].join(" · ");
  }

  // --- Before and after, and what fills the zones ------------------------------------

  let when = "plan";
  let filled = -1; // which clause; -1: population

  function percent(share) {
    return (100 * share).toFixed(1) + "%";
  }

  // What each clause finds in a zone: today → plan.
  function reachLines(zone) {
    const at = data.zones.indexOf(zone);
    return data.reach.filter((clause) => clause.today[at] !== null).map((clause) =>
      clause.name + " " + percent(clause.today[at]) + " → " + percent(clause.plan[at]));
  }

  function shareLevel(share) {
    const last = data.shares.colours.length - 1;
    return Math.min(Math.floor(share * (last + 1) + 1e-9), last);
  }

  function fillZones() {
    data.zones.forEach(function (zone, at) {
      let colour = data.colours[zone.level];
      if (filled >= 0) {
        const share = data.reach[filled][when][at];
        colour = share === null ? "#e4e4e4" : data.shares.colours[shareLevel(share)];
      }
      zoneLayers[at].setStyle({ fillColor: colour });
    });
    drawRamp();
  }

  function drawRamp() {
    const ramp = byId("ramp");
    ramp.replaceChildren();
    const clause = data.reach[filled];
    const colours = clause ? data.shares.colours : data.colours;
    const labels = clause ? data.shares.labels : data.labels;
    labels.forEach(function (label, at) {
      const cell = make("div");
      const svg = drawing("svg", { viewBox: "0 0 1 1", preserveAspectRatio: "none", "aria-hidden": "true" });
      svg.append(drawing("rect", { width: 1, height: 1, fill: colours[at] }));
      cell.append(svg, make("span", label));
      ramp.append(cell);
    });
    byId("people-title").textContent = clause
      ? words.reach + " (" + (when === "plan" ? words.planned : words.today) + " "
        + percent(clause.totals[when === "plan" ? 1 : 0]) + ")"
      : words.ramp;
    byId("people-note").textContent = clause ? clause.quote : "";
  }

  // --- Sites -------------------------------------------------------------------------

  const shownServices = new Set();
  const shownStates = new Set(["new", "keep", "close"]);
  data.services.forEach(function (service, at) { if (service.drawn) shownServices.add(at); });
  let chosen = null;

  function symbolSize() {
    return Math.max(9, Math.min(20, 10 + 2.5 * (map.getZoom() - home)));
  }

  // What is seen of a row: today everything that is there stands as it is.
  function seen(row) {
    if (when === "plan") return row.action;
    return state(row.action) === "new" ? null : "keep";
  }

  function visible(site) {
    return site.rows.filter((row) => seen(row) !== null
      && shownServices.has(row.service) && shownStates.has(state(seen(row))));
  }

  const markers = data.sites.map(function (site) {
    const marker = L.marker(site.place, {
      title: site.name, riseOnHover: true, keyboard: true,
      icon: L.divIcon({ className: "" }),
    });
    marker.on("click", function () { showSite(site, false); });
    return marker;
  });

  function drawSites() {
    const size = symbolSize();
    data.sites.forEach(function (site, at) {
      const rows = visible(site);
      const marker = markers[at];
      if (!rows.length && site !== chosen) { marker.remove(); return; }
      const box = make("div", null, "marker" + (site === chosen ? " chosen" : ""));
      for (const row of rows) {
        const scale = state(seen(row)) === "new" ? 1 : 0.85;
        box.append(symbol(data.services[row.service], seen(row), size * scale));
      }
      const width = Math.min(Math.max(rows.length, 1), PER_LINE) * (size + 1);
      const height = Math.max(Math.ceil(rows.length / PER_LINE), 1) * (size + 1);
      marker.setIcon(L.divIcon({ html: box, className: "", iconSize: [width, height] }));
      const fresh = rows.some((row) => state(seen(row)) === "new");
      marker.setZIndexOffset(site === chosen ? 2000 : fresh ? 1000 : 0);
      if (!map.hasLayer(marker)) marker.addTo(map);
    });
  }
  map.on("zoomend", drawSites);

  // --- Details -----------------------------------------------------------------------

  const details = byId("details");
  let outlined = [];

  function outlineZones(zones) {
    for (const at of outlined) zoneLayers[at].setStyle(plainZone);
    outlined = zones;
    for (const at of zones) {
      zoneLayers[at].setStyle({ color: "#d1450f", weight: 2.5 });
      if (zoneLayers[at].bringToFront) zoneLayers[at].bringToFront();
    }
  }

  function open(heading, fill, moveFocus) {
    details.replaceChildren();
    const close = make("button", words.close, "close");
    close.type = "button";
    close.addEventListener("click", function () {
      details.hidden = true;
      chosen = null;
      outlineZones([]);
      drawSites();
    });
    details.append(close, make("h2", heading));
    fill();
    details.hidden = false;
    if (moveFocus) details.focus({ preventScroll: true });
    details.scrollIntoView({ block: "start" });
  }

  function facts(values) {
    details.append(make("p", values.filter(Boolean).join(" · "), "facts"));
  }

  function fact(list, term, value) {
    if (value === null || value === undefined || value === "") return;
    list.append(make("dt", term), make("dd", value));
  }

  function card(row) {
    const service = data.services[row.service];
    const box = make("div", null, "card");
    const title = make("h3");
    title.append(symbol(service, row.action, 14), make("span", service.name));
    title.append(make("span", words.actions[row.action], "badge " + state(row.action)));
    const list = make("dl");
    if (row.action !== "keep") {
      fact(list, words.year, row.year);
      fact(list, words.capital, number(row.capital, 1) + " " + words.wan);
      fact(list, words.yearly, number(row.yearly, 1) + " " + words.wan);
    }
    if (row.people !== null) fact(list, words.served, number(row.people));
    if (row.minutes !== null) fact(list, words.minutes, number(row.minutes, 1));
    fact(list, words.from, row.zones.map(([at, people]) =>
      data.zones[at].name + " " + number(people)).join(words.comma));
    box.append(title, list);
    for (const id of row.rules) {
      const rule = data.rules[id];
      const quote = make("blockquote", rule ? rule.quote : id);
      if (rule) quote.append(make("cite", [rule.document, rule.clause, id].filter(Boolean).join(" · ")));
      box.append(quote);
    }
    return box;
  }

  function showSite(site, moveFocus) {
    chosen = site;
    const zones = new Set();
    for (const row of site.rows) for (const [at] of row.zones) zones.add(at);
    outlineZones([...zones]);
    drawSites();
    open(site.name, function () {
      facts([site.county, site.zone, site.kind, site.id]);
      for (const chain of site.chains) facts([words.belongs + " " + chain]);
      if (site.basis) facts([words.locationBasis + " " + site.basis]);
      for (const row of site.rows) details.append(card(row));
    }, moveFocus);
  }

  function showZone(zone, moveFocus) {
    chosen = null;
    outlineZones([data.zones.indexOf(zone)]);
    drawSites();
    open(zone.name, function () {
      facts([zoneLine(zone)]);
      for (const line of reachLines(zone)) facts([line]);
      const list = make("dl");
      fact(list, words.populationBasis, zone.populationBasis);
      fact(list, words.locationBasis, zone.locationBasis);
      for (const [network, lead] of zone.groups) fact(list, network, lead);
      details.append(list);
      for (const chain of zone.chains) facts([words.belongs + " " + chain]);
    }, moveFocus);
  }

  // --- Search ------------------------------------------------------------------------

  const things = [];
  for (const site of data.sites) {
    things.push({ name: site.name, where: site.county, go: function () {
      map.setView(site.place, Math.max(map.getZoom(), home + 2.5));
      showSite(site, true);
    } });
  }
  for (const zone of data.zones) {
    things.push({ name: zone.name, where: data.counties[zone.county].name, go: function () {
      map.setView(zone.place, Math.max(map.getZoom(), home + 2));
      showZone(zone, true);
    } });
  }
  for (const county of data.counties) {
    if (county.place) {
      things.push({ name: county.name, where: county.kind, go: function () {
        map.setView(county.place, home + 1.5);
      } });
    }
  }
  const MOST_RESULTS = 12;
  const query = byId("query");
  const results = byId("results");
  query.addEventListener("input", function () {
    results.replaceChildren();
    const wanted = query.value.trim().toLowerCase();
    if (!wanted) return;
    const found = things.filter((thing) => thing.name.toLowerCase().includes(wanted));
    for (const thing of found.slice(0, MOST_RESULTS)) {
      const button = make("button", thing.name);
      button.type = "button";
      button.append(make("small", thing.where));
      button.addEventListener("click", thing.go);
      const item = make("li");
      item.append(button);
      results.append(item);
    }
    const more = found.length - MOST_RESULTS;
    if (!found.length) results.append(make("li", words.nothing));
    else if (more > 0) results.append(make("li", words.more.replace("#", more)));
  });
  query.addEventListener("keydown", function (event) {
    if (event.key !== "Enter") return;
    const first = results.querySelector("button");
    if (first) first.click();
  });

  // --- Legend ------------------------------------------------------------------------

  function box(checked, label, change) {
    const outer = make("label");
    const input = make("input");
    input.type = "checkbox";
    input.checked = checked;
    input.addEventListener("change", function () { change(input.checked); drawSites(); });
    outer.append(input, ...label);
    return outer;
  }

  function toggle(set, value) {
    return function (on) { if (on) set.add(value); else set.delete(value); };
  }

  const sample = { outline: "-.86,-.86 .86,-.86 .86,.86 -.86,.86", colour: "#111111" };
  for (const kind of ["new", "keep", "close"]) {
    const label = [symbol(sample, kind === "new" ? "build" : kind, 12), make("span", words.states[kind])];
    byId("states").append(box(true, label, toggle(shownStates, kind)));
  }
  byId("states").setAttribute("aria-label", words.legend);
  data.services.forEach(function (service, at) {
    const row = make("div", null, "row");
    const label = [symbol(service, "build", 14), make("span", service.name)];
    row.append(box(service.drawn, label, toggle(shownServices, at)));
    row.append(make("span", service.counts.join(" / "), "count"));
    byId("services").append(row);
  });
  data.borders.forEach(function (network, at) {
    const svg = drawing("svg", { viewBox: "0 0 26 10", width: 26, height: 10, "aria-hidden": "true" });
    svg.append(drawing("path", {
      d: "M0,5H26", stroke: GROUP, "stroke-width": 1.25 * network.width,
      "stroke-dasharray": network.dashed ? "6 5" : "none",
    }));
    const row = make("div", null, "row");
    row.append(box(true, [svg, make("span", network.name)], function (on) {
      if (on) borders[at].addTo(map); else borders[at].remove();
    }));
    byId("borders").append(row);
  });
  byId("borders-title").hidden = !data.borders.length;
  data.ground.layers.forEach(function (layer, at) {
    const row = make("div", null, "row");
    row.append(box(false, [make("span", layer.name)], function (on) {
      if (on) grounds[at].addTo(map); else grounds[at].remove();
    }));
    byId("ground").append(row);
  });
  byId("ground-title").hidden = !data.ground.layers.length;
  for (const choice of ["plan", "today"]) {
    const label = make("label");
    const input = make("input");
    input.type = "radio";
    input.name = "when";
    input.value = choice;
    input.checked = choice === when;
    input.addEventListener("change", function () {
      when = choice;
      fillZones();
      drawSites();
    });
    label.append(input, make("span", choice === "plan" ? words.planned : words.today));
    byId("when").append(label);
  }
  const fill = byId("fill");
  const choices = [words.ofPeople].concat(data.reach.map((clause) => clause.name));
  choices.forEach(function (name, at) {
    const option = make("option", name);
    option.value = at - 1;
    fill.append(option);
  });
  fill.addEventListener("change", function () {
    filled = Number(fill.value);
    fillZones();
  });
  fill.hidden = byId("fill-label").hidden = !data.reach.length;

  byId("title").textContent = data.title;
  byId("subtitle").textContent = data.subtitle;
  byId("query-label").textContent = words.search;
  byId("legend-title").textContent = words.legend + " (" + words.counts + ")";
  byId("ground-title").textContent = words.ground.replace("#", data.ground.tolerance);
  byId("borders-title").textContent = words.groups;
  byId("when-title").textContent = words.view;
  byId("fill-label").textContent = words.fill;
  byId("standing").textContent = data.standing;
  byId("sources").textContent = words.sources;
  for (const note of data.notes) byId("notes").append(make("p", note));
  byId("notes").hidden = !data.notes.length;

  fillZones();
  drawSites();
  document.body.dataset.ready = "yes";
}());
