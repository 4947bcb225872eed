// The view state in the browser: one object, changed by `patch`, carried by the address.
// Mirrors dash_app/state.py; `query` writes what its `parse` reads.
"use strict";

window.twinPage = (() => {
  const START = {theme: "system", view: "map", table: "buildings", shown: "base", split: "none"};
  const PLAIN = ["a", "b", "shown", "year", "value", "hour", "split", "divider", "explain", "cards", "moment", "property"];
  let state = null;      // as in dash_app/state.py
  let defaults = null;   // layers and sun a plain address stands for
  let words = {};        // what the map says while it loads or fails
  let home = null;       // camera of a plain address
  let index = null;      // address of the map's table of contents
  let scale = null;      // colours of the chosen column, from the server
  let table = {};        // page, order and filter of the table view; not in the address
  let seq = 0;           // counts camera moves that the page asks the map for
  let dashed = false;    // whether Dash has filled the page
  let sensed = false;    // whether the town has sensors
  let over = {};         // what the workspace lays over the map: values, marks, sketches
  const sent = {};       // what was last asked of the server, by store
  const watchers = [];

  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const theme = () => (state && state.theme !== "system" ? state.theme
    : system.matches ? "dark" : "light");

  const esc = (text) => encodeURIComponent(text).replace(/%2C/g, ",").replace(/%3A/g, ":").replace(/%40/g, "@")
    .replace(/[!'()*]/g, (sign) => "%" + sign.charCodeAt(0).toString(16).toUpperCase());
  const two = (number) => String(number).padStart(2, "0");

  function query(s) {
    const parts = {};
    if (s.lang !== defaults.lang) parts.lang = s.lang;
    for (const name of ["theme", "view", "table"]) {
      if (s[name] !== START[name]) parts[name] = s[name];
    }
    const c = s.camera;
    if (c) {
      parts.at = [c.lat.toFixed(5), c.lon.toFixed(5), c.zoom.toFixed(2), c.pitch.toFixed(0),
        c.bearing.toFixed(0)].map((text) => text.replace(/^-(0(\.0*)?)$/, "$1")).join(",");
    }
    if (JSON.stringify(s.layers) !== JSON.stringify(defaults.layers)) {
      parts.layers = Object.entries(s.layers).filter(([, opacity]) => opacity > 0)
        .map(([name, opacity]) => opacity >= 1 ? name : `${name}:${Math.round(opacity * 100)}`)
        .join(",");
    }
    if (s.colour) parts.colour = s.colour;
    if (s.smooth) parts.scale = "smooth";
    if (s.pick) parts.pick = `${s.pick.table}:${s.pick.id}`;
    if (s.district) parts.district = s.district;
    if (!s.sun) parts.sun = "off";
    else if (JSON.stringify(s.sun) !== JSON.stringify(defaults.sun)) {
      const {month, day, minutes} = s.sun;
      parts.sun = `${two(month)}-${two(day)},${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
    }
    for (const name of PLAIN) {
      const value = s[name];
      if (value === null || value === undefined || value === START[name]) continue;
      parts[name] = String(value);
    }
    if (s.cards && s.cards.length) parts.cards = s.cards.join(",");
    else delete parts.cards;
    if (s.split === "swipe" && s.at !== 0.5) parts.divider = s.at.toFixed(2);
    return Object.entries(parts).map(([name, value]) => `${name}=${esc(value)}`).join("&");
  }

  // The subject of the map sits in the free middle between the panels.
  function padding() {
    if (!window.matchMedia("(min-width: 901px)").matches) return null;
    const style = getComputedStyle(document.documentElement);
    const size = (name) => parseFloat(style.getPropertyValue(name));
    const side = (name) => size(name) + size("--gap") + 16;
    // where one works with sensors the comparison is always there
    const below = state.view === "sensors" ? 0.32 * document.getElementById("map").clientHeight : 0;
    return {left: side("--left-w"), right: side("--right-w"), top: 0, bottom: Math.round(below)};
  }

  // Where one works with sensors they are on the map, whatever the layers say.
  const layersNow = () => (state.view === "sensors" ? {...state.layers, sensors: state.layers.sensors || 1} : state.layers);

  // What the map shall show (dash_app/map/README.md).
  function view() {
    const dark = theme() === "dark" ? "dark" : "light";
    const colour = state.colour && scale && scale.column === state.colour
      && scale.smooth === state.smooth ? {
        table: scale.table, column: scale.column, url: scale.url, kind: scale.kind,
        breaks: scale.breaks, colours: scale[dark].colours, nodata: scale[dark].nodata,
      } : null;
    return {
      index, lang: state.lang, theme: dark, camera: {...state.camera, seq},
      padding: padding(), layers: layersNow(), colour, selection: state.pick, sun: state.sun,
      filter: state.district ? {district: state.district} : null, words: {divider: words.divider}, ...over,
    };
  }

  function draw() {
    const wanted = view();
    const text = JSON.stringify(wanted);
    if (sent.view === text) return;
    sent.view = text;
    window.twinMap?.update(wanted); // the panels work without a map, too
  }

  // Ask the server only for what is new.
  function ask(store, data) {
    const text = JSON.stringify(data);
    if (sent[store] === text) return;
    sent[store] = text;
    window.dash_clientside.set_props(store, {data});
  }

  let writing = 0;
  function spread() {
    const {lang} = state;
    document.documentElement.lang = lang;
    document.documentElement.dataset.theme = theme();
    document.documentElement.dataset.page = state.view;
    draw();
    if (!dashed) return;
    ask("pick", {lang, ...(state.pick || {})});
    ask("paint", {lang, column: state.colour, smooth: state.smooth});
    if (state.view === "table") {
      ask("table-asked", {lang, pick: state.pick, table: state.table, ...table});
    }
    if (state.view === "data") ask("view-asked", {lang, view: "data"});
    window.clearTimeout(writing);
    writing = window.setTimeout(() => {
      const text = query(state);
      window.history.replaceState(null, "", text ? `?${text}` : window.location.pathname);
    }, 150);
    watchers.forEach((watch) => watch(state));
  }

  // Change some of the state. `move` says that the map shall go to `camera`.
  function patch(changes, {move = false} = {}) {
    if (!state) return;
    if (changes.lang && changes.lang !== state.lang) {
      // one way to speak: open the same view again in the other language
      window.dash_clientside.set_props("address", {data: "?" + query({...state, ...changes})});
      return;
    }
    state = {...state, ...changes};
    if (move) seq += 1;
    spread();
  }

  // What an address asks for: first from the page itself, so that the map starts at once, then
  // from Dash when the panels are there, and again in another language.
  function open(answer, {early = false} = {}) {
    const first = state === null;
    dashed = !early;
    defaults = answer.defaults;
    index = answer.index;
    home = answer.home;
    words = answer.words;
    sensed = Boolean(answer.sensed);
    const camera = first ? answer.state.camera : state.camera;
    // what was chosen between the two counts
    state = first || state.lang !== answer.state.lang ? {...answer.state, camera} : state;
    scale = answer.scale;
    document.getElementById("map").setAttribute("aria-label", words.map);
    if (first) seq += 1;
    // the page came with the inspector and the legend of what the address asks for
    const {lang, pick, colour, smooth} = answer.state;
    sent.pick = JSON.stringify({lang, ...(pick || {})});
    sent.paint = JSON.stringify({lang, column: colour, smooth});
    spread();
  }

  // What the workspace wants to see on the map besides (dash_app/workspace/README.md).
  function overlay(wanted) {
    over = wanted;
    if (state) draw();
  }

  function paint(answer) {
    scale = answer;
    if (state) spread();
  }

  function askTable(changes) {
    table = changes.table ? {} : {...table, page: 1, ...changes};
    if (changes.table) patch({table: changes.table});
    else spread();
  }

  window.addEventListener("resize", () => state && spread());
  system.addEventListener("change", () => state && spread());
  return {
    patch, open, paint, overlay, askTable, query, theme,
    watch: (watcher) => watchers.push(watcher),
    get state() { return state; },
    get home() { return home; },
    get words() { return words; },
    get sensed() { return sensed; }, set sensed(value) { sensed = value; },
    get tableAsked() { return table; },
  };
})();
