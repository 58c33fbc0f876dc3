// The map of a run: zones, people, who goes where, sites and what is decided of them.
// Everything named in the data is set as text, never as markup.
import { leaflet as L } from "nicegui-leaflet";
import { loadResource } from "../../static/utils/resources.js";

const STATES = {
  new: { radius: 7, color: "#7a2503", fillColor: "#d1450f", fillOpacity: 1, weight: 1.5 },
  keep: { radius: 5, color: "#595959", fillColor: "#ffffff", fillOpacity: 0.95, weight: 2 },
  close: { radius: 6, color: "#595959", fillColor: "#b9bec4", fillOpacity: 0.9, weight: 2, dashArray: "2 2" },
  candidate: { radius: 4.5, color: "#5b6b7c", fillColor: "#ffffff", fillOpacity: 0.7, weight: 1.2, dashArray: "2 2" },
};
const REACH = ["#b2182b", "#ef8a62", "#fddbc7", "#d9ead3", "#8fc48a", "#3f8f4f"];
const AREAS = ["#4e79a7", "#f28e2b", "#59a14f", "#b07aa1", "#edc948", "#76b7b2", "#9c755f", "#e15759", "#ff9da7", "#6b6ecf"];
const GLYPHS = { accept: "✓", reject: "✕", lock: "■", defer: "…", move: "→", add: "+" };
const OUT = "#c3002f";
const groups = new Map(); // maps that are looked at together

function step(share) {
  if (share === undefined) return "#f0f0ee";
  const at = [0.5, 0.7, 0.85, 0.95, 0.999].findIndex((limit) => share < limit);
  return REACH[at < 0 ? REACH.length - 1 : at];
}

function written(lines) {
  const box = document.createElement("div");
  lines.filter(Boolean).forEach((line, i) => {
    const row = document.createElement(i ? "div" : "b");
    row.textContent = line;
    box.append(row);
  });
  return box;
}

function marksById(marks) {
  return new Map((marks ?? []).map((mark) => [mark.id, mark]));
}

export default {
  template: '<div class="plan-map"><div ref="map" class="plan-map-canvas"></div></div>',
  props: {
    source: String, shading: String, service: String, dots: String, marks: Array, chosen: String,
    adding: Boolean, words: Object, group: String, resourcePath: String, readonly: Boolean,
  },
  async mounted() {
    await this.$nextTick();
    await loadResource(window.path_prefix + `${this.resourcePath}/leaflet/leaflet.css`);
    this.signs = marksById(this.marks); // what is decided, by site
    this.drawn = new Map(); // and its layers
    this.canvas = L.canvas({ tolerance: 5, padding: 0.2 });
    const map = L.map(this.$refs.map, {
      renderer: this.canvas, attributionControl: false, zoomSnap: 0.25, zoomDelta: 0.5, boxZoom: false,
      zoomAnimation: false, fadeAnimation: false, markerZoomAnimation: false,
    });
    L.control.scale({ imperial: false }).addTo(map);
    map.on("click", (e) => this.adding && this.$emit("place", { lat: e.latlng.lat, lon: e.latlng.lng }));
    map.on("moveend", () => this.tell());
    this.map = map;
    this.$el.plan = this;
    this.ground = L.layerGroup().addTo(map);
    this.people = L.layerGroup().addTo(map);
    this.points = L.layerGroup().addTo(map);
    this.badges = L.layerGroup().addTo(map);
    this.names = L.layerGroup().addTo(map);
    this.pin = L.layerGroup().addTo(map);
    // Until somebody moves it, the map shows all of the area, however wide it is.
    for (const act of ["wheel", "mousedown"]) this.$refs.map.addEventListener(act, () => (this.moved = true), { passive: true });
    this.sized = new ResizeObserver(() => {
      map.invalidateSize({ animate: false });
      if (this.data && !this.moved) this.fit();
    });
    this.sized.observe(this.$el);
    if (this.group) {
      if (!groups.has(this.group)) groups.set(this.group, new Set());
      groups.get(this.group).add(this);
    }
    this.$watch(() => [this.shading, this.service, this.dots].join("|"), () => this.drawAll());
    this.$watch("marks", () => {
      this.signs = marksById(this.marks);
      this.drawSites();
    });
    this.$watch("chosen", () => {
      if (this.dots !== "none") this.drawPeople();
      this.drawPin(true);
    });
    this.$watch("adding", () => this.$el.classList.toggle("plan-map-adding", this.adding));
    this.$watch("source", () => this.load());
    await this.load();
  },
  unmounted() {
    groups.get(this.group)?.delete(this);
    this.sized?.disconnect();
    this.map?.remove();
  },
  methods: {
    async load() {
      const answer = await fetch(window.path_prefix + this.source, { credentials: "same-origin" });
      if (!answer.ok || !this.map) return;
      const first = !this.data;
      this.data = await answer.json();
      this.at = new Map(this.data.sites.map((site) => [site.id, site]));
      if (first) this.fit();
      this.drawAll();
      this.drawPin(false);
      this.$el.dataset.ready = this.source;
    },
    fit() {
      // The legend stands in the lower right corner: no site should be under it.
      const legend = this.$el.parentElement?.querySelector(".rv-legend")?.offsetWidth ?? 0;
      const right = this.$el.clientWidth > 3 * legend ? legend + 16 : 8;
      this.map.fitBounds(this.data.bounds, { animate: false, paddingTopLeft: [8, 8], paddingBottomRight: [right, 8] });
    },
    // One canvas draws in the order in which layers are added: the ground first.
    drawAll() {
      this.drawGround();
      this.drawPeople();
    },
    tell() {
      if (!this.group || this.led) return;
      for (const other of groups.get(this.group)) {
        if (other === this || !other.map || !other.data) continue;
        other.led = true;
        other.map.setView(this.map.getCenter(), this.map.getZoom(), { animate: false });
        other.led = false;
      }
    },
    fillOf(zone) {
      return this.shading === "reach" ? step(zone.reach[this.service]) : this.data.colours[zone.level];
    },
    drawGround() {
      if (!this.data) return;
      this.ground.clearLayers();
      this.names.clearLayers();
      const words = this.words;
      for (const zone of this.data.zones) {
        const share = zone.reach[this.service];
        const style = { color: "#a6adb5", weight: 0.7, fillColor: this.fillOf(zone), fillOpacity: 0.85 };
        const layer = zone.shape
          ? L.polygon(zone.shape, style)
          : L.circleMarker(zone.place, { ...style, radius: 4 + Math.sqrt(zone.people) / 18, weight: 1.2 });
        layer.bindTooltip(() => written([
          zone.name, `${words.people} ${zone.people.toLocaleString()}`,
          share === undefined ? "" : `${words.reach} ${(share * 100).toFixed(1)} %`,
        ]), { sticky: true });
        layer.addTo(this.ground);
      }
      for (const county of this.data.counties) {
        if (county.shape) {
          L.polygon(county.shape, { fill: false, color: "#4d4d4d", weight: 1.6, interactive: false }).addTo(this.ground);
        }
        if (county.place) {
          const name = document.createElement("span");
          name.textContent = county.name;
          const icon = L.divIcon({ className: "plan-map-name", html: name, iconSize: null });
          L.marker(county.place, { icon, interactive: false, keyboard: false }).addTo(this.names);
        }
      }
    },
    drawPeople() {
      if (!this.data) return;
      this.people.clearLayers();
      const { place, people, out } = this.data.demand;
      const dot = (i, fill, extra) => L.circleMarker(place[i], {
        radius: 1.6 + Math.min(3, Math.sqrt(people[i]) / 40), stroke: false, fillColor: fill, fillOpacity: 0.85,
        interactive: false, ...extra,
      }).addTo(this.people);
      const rows = this.data.goes[this.service] ?? [];
      if (this.dots === "goes") {
        for (const [point, site] of rows) dot(point, AREAS[site % AREAS.length]);
      }
      if (this.dots === "out") {
        for (const i of out[this.service] ?? []) {
          dot(i, "#ffffff", { stroke: true, color: OUT, weight: 1.4 });
        }
      }
      if (this.dots !== "none" && this.chosen) this.drawLines(rows);
      this.drawSites();
    },
    drawLines(rows) {
      const { place, people } = this.data.demand;
      const own = this.data.sites.findIndex((site) => site.id === this.chosen);
      for (const [point, site, going, minutes] of rows) {
        if (site !== own) continue;
        const line = L.polyline([place[point], this.data.sites[own].place], { color: "#0b4f9e", weight: 1, opacity: 0.7 });
        line.bindTooltip(() => written([
          `${Math.round(going).toLocaleString()} / ${people[point].toLocaleString()} ${this.words.persons}`,
          `${minutes} ${this.words.minutes}`,
        ]), { sticky: true });
        line.addTo(this.people);
      }
    },
    drawSites() {
      if (!this.data) return;
      this.points.clearLayers();
      const order = { candidate: 0, keep: 1, close: 2, new: 3 };
      const sites = [...this.data.sites].sort((a, b) => order[a.state] - order[b.state]);
      for (const site of sites) {
        const faded = this.service && !(this.service in site.services);
        const style = STATES[site.state];
        const layer = L.circleMarker(site.place, {
          ...style, fillOpacity: faded ? 0.15 : style.fillOpacity, opacity: faded ? 0.3 : 1,
        });
        layer.bindTooltip(() => written([site.name, ...this.told(site)]), { direction: "top" });
        layer.on("click", (e) => this.choose(site.id, e));
        layer.addTo(this.points);
      }
      this.badges.clearLayers();
      this.drawn.clear();
      for (const mark of this.signs.values()) this.drawMark(mark);
    },
    // Only what changed since: a county has hundreds of sites and one decision.
    change(marks, gone) {
      for (const id of gone) this.signs.delete(id);
      for (const mark of marks) this.signs.set(mark.id, mark);
      if (!this.data) return;
      for (const id of [...gone, ...marks.map((mark) => mark.id)]) {
        this.drawn.get(id)?.remove();
        this.drawn.delete(id);
      }
      for (const mark of marks) this.drawMark(mark);
    },
    drawMark(mark) {
      const own = L.layerGroup().addTo(this.badges);
      this.drawn.set(mark.id, own);
      const site = this.at.get(mark.id);
      if (site) {
        this.badge(own, site.place, mark);
        if (mark.verdict === "add" || mark.lat === null) return;
        L.polyline([site.place, [mark.lat, mark.lon]], { color: "#6a3d9a", weight: 1.5, dashArray: "4 4", interactive: false }).addTo(own);
        L.circleMarker([mark.lat, mark.lon], { ...STATES.new, color: "#6a3d9a", fillColor: "#cab2d6", interactive: false }).addTo(own);
        return;
      }
      if (mark.verdict !== "add") return;
      const layer = L.circleMarker([mark.lat, mark.lon], { ...STATES.new, color: "#00735c", fillColor: "#66c2a5" });
      layer.bindTooltip(() => written([mark.name || mark.id]), { direction: "top" });
      layer.on("click", (e) => this.choose(mark.id, e));
      layer.addTo(own);
      this.badge(own, [mark.lat, mark.lon], mark);
    },
    told(site) {
      return Object.entries(site.services).map(
        ([service, action]) => `${this.words.services[service] ?? service} · ${this.words.actions[action] ?? action}`
      );
    },
    badge(own, place, mark) {
      const sign = document.createElement("span");
      sign.className = `plan-map-badge plan-map-${mark.verdict}`;
      sign.textContent = GLYPHS[mark.verdict] ?? "•";
      const icon = L.divIcon({ className: "plan-map-sign", html: sign, iconSize: [14, 14], iconAnchor: [-2, 16] });
      L.marker(place, { icon, interactive: false, keyboard: false, zIndexOffset: 2000 }).addTo(own);
    },
    choose(id, event) {
      L.DomEvent.stopPropagation(event);
      // Where sites stand close, a new one is put down on top of another.
      if (this.adding) this.$emit("place", { lat: event.latlng.lat, lon: event.latlng.lng });
      else this.$emit("choose", { id });
    },
    placeOf(id) {
      const mark = this.signs?.get(id);
      return this.at?.get(id)?.place ?? (mark?.verdict === "add" ? [mark.lat, mark.lon] : null);
    },
    drawPin(bring) {
      if (!this.data) return;
      this.pin.clearLayers();
      const place = this.chosen ? this.placeOf(this.chosen) : null;
      if (!place) return;
      if (bring && !this.map.getBounds().pad(-0.05).contains(place)) this.map.panTo(place, { animate: false });
      const mark = document.createElement("span");
      mark.className = "plan-map-pin";
      const icon = L.divIcon({ className: "plan-map-sign", html: mark, iconSize: [30, 30], iconAnchor: [15, 15] });
      const pin = L.marker(place, { icon, draggable: !this.readonly, keyboard: false, zIndexOffset: 1000 });
      const id = this.chosen;
      pin.on("dragend", () => {
        const { lat, lng } = pin.getLatLng();
        pin.setLatLng(place);
        this.$emit("drag", { id, lat, lon: lng });
      });
      pin.bindTooltip(() => written([this.words.drag]), { direction: "bottom" });
      pin.addTo(this.pin);
    },
    // Where a site is in the window, for those who look at the page from outside.
    where(id) {
      const box = this.$refs.map.getBoundingClientRect();
      const point = this.map.latLngToContainerPoint(this.placeOf(id));
      return { x: box.left + point.x, y: box.top + point.y };
    },
  },
};
