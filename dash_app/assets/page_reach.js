// Questions to a place: how far one gets, how long to another place, who drives over a street.
// Words come from Python (components/reach_panel.py); only numbers are put in here.
"use strict";

(() => {
  const work = window.twinWork;
  const BANDS = ["#0B5F6B4D", "#3F97A03D", "#94C9CB33"]; // look.md, time bands
  let mode = "walk";
  let from = null;      // where a trip begins
  let asking = null;
  let last = "";

  const panel = () => document.querySelector("#work-right .reach");
  const number = (value, digits = 3) => (value === null || value === undefined ? "–"
    : new Intl.NumberFormat(work.state.lang, {maximumSignificantDigits: digits}).format(value));
  const fill = (name, text) => {
    const cell = panel()?.querySelector(`[data-fill="${CSS.escape(name)}"]`);
    if (cell) cell.textContent = text;
  };

  async function ask(path) {
    asking?.abort();
    asking = new AbortController();
    panel()?.setAttribute("aria-busy", "true");
    try {
      return await work.api("GET", path, undefined, {signal: asking.signal});
    } catch (error) {
      if (error.name !== "AbortError") work.say(error.message);
      return null;
    } finally {
      panel()?.removeAttribute("aria-busy");
    }
  }

  const runOf = ({run, other, year}) => `run=${run}&year=${year}${other ? `&other=${other}` : ""}`;
  const at = (place) => `${place.lon.toFixed(6)},${place.lat.toFixed(6)}`;

  async function reach(data, place) {
    const found = await ask(`/api/reach?at=${at(place)}&mode=${mode}&${runOf(data)}`);
    if (!found) return;
    found.bands.forEach((band, n) => {
      fill(`residents:${n}`, number(band.residents));
      fill(`other_residents:${n}`, number(data.other ? band.other_residents : band.residents));
    });
    work.areas([...found.bands].map((band, n) => ({
      rings: band.rings, fill: BANDS[n], line: "#0B5F6B", label: band.label,
    })).reverse());
  }

  async function trip(data, start, end) {
    const found = await ask(`/api/trip?from=${at(start)}&to=${at(end)}&${runOf(data)}`);
    if (!found) return;
    for (const option of found.options) {
      fill(`minutes:${option.mode}`, number(option.minutes, 2));
      fill(`other_minutes:${option.mode}`, number(data.other ? option.other_minutes : option.minutes, 2));
    }
    work.spoken(found.options.map((option) => option.words).filter(Boolean).join(" "));
  }

  async function flow(data, street) {
    const found = await ask(`/api/flow/${data.run}/${data.year}?street=${encodeURIComponent(street)}`);
    if (!found) return;
    fill("vehicles", number(found.vehicles));
    fill("inside", number(100 * found.inside, 2));
    fill("through", number(100 * found.through, 2));
    for (let n = 0; n < 5; n++) {
      const zone = found.origins[n];
      const name = panel()?.querySelector(`[data-name="origins:${n}"]`);
      if (name) name.textContent = zone ? zone.name || zone.id : "";
      fill(`origins:${n}`, zone ? number(zone.vehicles) : "");
    }
    work.only(found.column);
  }

  // The question is put again when the place, the scenario or the year is another one.
  function look() {
    const open = panel();
    const {pick} = work.state || {};
    if (!open) {
      if (last) { last = ""; from = null; work.areas([]); work.only(null); }
      return;
    }
    const data = open.dataset;
    const place = work.place();
    const key = JSON.stringify([data.reach, data.run, data.other, data.year, mode, pick, place]);
    if (key === last || !pick) return;
    last = key;
    if (data.reach !== "flow") work.only(null);
    if (data.reach !== "reach") work.areas([]);
    if (data.reach === "reach" && place) reach(data, place);
    else if (data.reach === "flow" && pick.table === "streets") flow(data, pick.id);
    else if (data.reach === "trip" && place) from = place;
  }

  work.on("reach-mode", ({mode: next}, _, button) => {
    mode = next;
    for (const other of button.parentNode.children) other.setAttribute("aria-pressed", String(other === button));
    look();
  });
  work.on("trip-to", () => {
    from = from || work.place();
    if (from) work.tool({kind: "point", single: true});
  });
  window.addEventListener("map-tool", ({detail}) => {
    if (!panel() || panel().dataset.reach !== "trip" || detail.kind !== "point" || !detail.geometry) return;
    const [lon, lat] = detail.geometry.type === "Point" ? detail.geometry.coordinates : detail.geometry.coordinates[0];
    work.tool(null);
    trip(panel().dataset, from, {lon, lat});
  });
  window.addEventListener("placed", () => look());
  new MutationObserver(() => look()).observe(document.getElementById("react-entry-point"), {childList: true, subtree: true});
  window.twinPage.watch(() => look());
})();
