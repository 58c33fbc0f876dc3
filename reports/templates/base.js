"use strict";
// What every page of the program starts with: its data, ways to put text and drawings on
// the page, and a map with counties. Every name of the data is put on the page as text,
// never as markup.
const page = (function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const words = data.words;
  const byId = (id) => document.getElementById(id);
  const SVG = "http://www.w3.org/2000/svg";
  const NEW = ["build", "upgrade"];

  function make(tag, text, name) {
    const element = document.createElement(tag);
    if (text !== undefined && text !== null) element.textContent = text;
    if (name) element.className = name;
    return element;
  }

  function drawing(tag, attributes) {
    const element = document.createElementNS(SVG, tag);
    for (const key of Object.keys(attributes)) element.setAttribute(key, attributes[key]);
    return element;
  }

  function number(value, digits) {
    return value.toLocaleString(data.lang === "zh" ? "zh-CN" : "en", {
      maximumFractionDigits: digits || 0,
    });
  }

  function state(action) {
    return NEW.includes(action) ? "new" : action;
  }

  // The symbol of a service: filled when new, hollow when kept, crossed when closed.
  function symbol(service, action, size) {
    const kind = state(action);
    const svg = drawing("svg", {
      class: "symbol", viewBox: "-1.15 -1.15 2.3 2.3", width: size, height: size,
      "aria-hidden": "true",
    });
    svg.append(drawing("polygon", {
      points: service.outline,
      fill: kind === "new" ? service.colour : "#ffffff",
      stroke: kind === "new" ? "#111111" : "#595959",
      "stroke-width": kind === "new" ? 0.14 : 0.2,
    }));
    if (kind === "close") {
      svg.append(drawing("path", {
        d: "M-1,-1L1,1M-1,1L1,-1", stroke: "#b00020", "stroke-width": 0.3,
      }));
    }
    return svg;
  }

  // Before the map is made: the header takes its room, and the map fits what is left.
  for (const id of ["title", "subtitle", "standing"]) {
    if (byId(id) && typeof data[id] === "string") byId(id).textContent = data[id];
  }

  // --- The map -----------------------------------------------------------------------

  const map = L.map("map", {
    attributionControl: false, zoomSnap: 0.1, zoomDelta: 0.5, wheelPxPerZoomLevel: 120,
    preferCanvas: data.zones.length > 1500,
  });
  map.zoomControl.setPosition("topleft");
  L.control.scale({ metric: true, imperial: false, position: "bottomleft" }).addTo(map);
  byId("map").setAttribute("aria-label", words.map);

  const everything = L.latLngBounds(data.bounds);
  map.fitBounds(everything, { padding: [8, 8] });
  const home = map.getZoom();
  map.setMinZoom(home - 1);
  map.setMaxZoom(home + 7);
  map.setMaxBounds(everything.pad(0.4));

  map.createPane("counties").style.zIndex = 450;
  map.getPane("counties").style.pointerEvents = "none";
  map.createPane("names").style.zIndex = 460;
  map.getPane("names").style.pointerEvents = "none";
  const LETTER = 15; // width of a Chinese character of a county's name, pixels
  const names = [];
  for (const county of data.counties) {
    let outline = null;
    if (county.shape) {
      outline = L.polygon(county.shape, {
        pane: "counties", color: "#4d4d4d", weight: 2, fill: false, interactive: false,
      }).addTo(map);
    }
    if (county.place) {
      const name = L.tooltip({ pane: "names", permanent: true, direction: "center", className: "county" });
      name.setLatLng(county.place).setContent(make("span", county.name));
      names.push({ name: name, outline: outline, width: county.name.length * LETTER });
    }
  }

  // A county that is too small on the screen is named when the reader comes nearer.
  function drawNames() {
    for (const item of names) {
      const bounds = item.outline && item.outline.getBounds();
      const wide = !bounds || map.latLngToLayerPoint(bounds.getNorthEast()).x
        - map.latLngToLayerPoint(bounds.getSouthWest()).x > item.width;
      if (wide) item.name.addTo(map); else item.name.remove();
    }
  }
  drawNames();
  map.on("zoomend", drawNames);

  return { data, words, byId, make, drawing, number, state, symbol, map, home };
}());
