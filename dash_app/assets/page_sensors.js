// Sensors on the page: values as they come, the day played again, what is pressed in panels and bar.
// What it says comes from Python (API, page words); seams: layers/sensors/README.md.
"use strict";

window.twinSensors = (() => {
  const page = window.twinPage;
  const work = window.twinWork;
  const EVERY_MS = 1000, WHOLE_MS = 60000, AGES_MS = 20000, FRAME_MS = 100, SETTLE_MS = 250, WRITE_MS = 600;
  const MOST_ASKED = 300;      // more numbers than this are asked for as all of them
  const SIGNS = {o: "ok", a: "alert", f: "flagged", w: "ok", s: "silent"};
  const EARLY_S = 7200;        // so soon after midnight yesterday tells more
  const ZONE = "Europe/Berlin";
  const rows = new Map();      // by number, as the API gives them
  let few = "";                // what is said of a count of persons that is kept back
  let read = 0;                // when they were read
  let loaded = "";             // for which language
  let stale = null;            // numbers that have changed meanwhile; empty: all
  let waiting = 0, asking = false, readAt = 0, tookMs = 0;
  let shownMoment = null;      // moment that is drawn, null: now
  let days = new Map();        // days by date, the last few
  let day = null;              // the day at hand
  let step = -1;               // step of it that is drawn
  let playing = 0;             // timer
  let position = 0;            // seconds since the begin of the day
  let speed = 30;              // minutes of the day a second
  let settling = 0, written = 0;
  const alerts = new Set();    // numbers whose alert is to be said

  const state = () => page.state;
  const wanted = () => state() && (state().view === "sensors" || (page.sensed && state().layers.sensors > 0));
  const all = (selector) => document.querySelectorAll(selector);
  const tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, {detail}));
  const words = () => page.words;

  // ---- how things are written ---------------------------------------------------------------
  const formats = new Map();
  function format(kind, make) {
    const key = `${state().lang}|${kind}`;
    if (!formats.has(key)) formats.set(key, make(state().lang === "de" ? "de-DE" : "en-GB"));
    return formats.get(key);
  }

  function number(value) {
    if (Number.isInteger(value)) return format("whole", (lang) => new Intl.NumberFormat(lang)).format(value).replace("-", "−");
    const digits = Math.abs(value) < 1000 ? 3 : 4;
    return format(`d${digits}`, (lang) => new Intl.NumberFormat(lang, {maximumSignificantDigits: digits})).format(value).replace("-", "−");
  }

  function valueText(row) {
    if (row.withheld) return few;
    if (row.value === null || row.value === undefined) return "–";
    return row.unit_short ? `${number(row.value)}\u202f${row.unit_short}` : number(row.value);
  }

  function ageText(row) {
    if (row.age_s === null || row.age_s === undefined || shownMoment) return "";
    const seconds = row.age_s + (performance.now() - read) / 1000;
    if (seconds < 60) return words().sensor_now;
    const [size, unit] = seconds < 3600 ? [60, "minute"] : seconds < 86400 ? [3600, "hour"] : [86400, "day"];
    return format("age", (lang) => new Intl.RelativeTimeFormat(lang, {style: "short"})).format(-Math.floor(seconds / size), unit);
  }

  function momentText(moment) {
    const odd = day && day.hours !== 24; // clocks change: say which of the two hours it is
    return format(`moment${odd}`, (lang) => new Intl.DateTimeFormat(lang, {
      timeZone: ZONE, weekday: "short", day: "2-digit", month: "2-digit", hour: "2-digit", minute: "2-digit",
      ...(odd ? {timeZoneName: "short"} : {}),
    })).format(moment);
  }

  // ---- the map ------------------------------------------------------------------------------
  function mapRow(row) {
    const said = row.text === undefined || shownMoment && playing ? valueText(row) : row.text;
    return {
      number: row.number, lon: row.lon, lat: row.lat, line: row.line, group: row.group, state: row.state, replayed: row.replayed,
      name: row.name, text: valueText(row), word: row.state === "ok" ? "" : words()[`sensor_${row.state}`], age: ageText(row),
      tip: {title: row.name, line: [`${row.label}: ${said}`, row.words].filter(Boolean).join(" · ")},
    };
  }

  function draw() {
    if (!state()) return;
    const {property} = state();
    const shown = wanted() ? [...rows.values()].filter((row) => !property || row.property === property) : [];
    if (!shown.length && !draw.any) return;
    draw.any = shown.length > 0;
    window.twinMap?.sensors(shown.map(mapRow));
    write();
  }

  // What the panels show of a value, written in place.
  function write() {
    for (const node of all("[data-sensor-value]")) {
      const row = rows.get(Number(node.dataset.sensorValue));
      if (row) put(node, valueText(row));
    }
    for (const node of all("[data-sensor-age]")) {
      const row = rows.get(Number(node.dataset.sensorAge));
      if (row && !shownMoment) put(node, ageText(row));
    }
  }

  function put(node, text) { if (node.textContent !== text) node.textContent = text; }

  // ---- values as they come ------------------------------------------------------------------
  async function ask(path) {
    try {
      return await work.api("GET", path);
    } catch {
      return null; // the page says itself that the server is away
    }
  }

  function took(found, {whole}) {
    if (whole) rows.clear();
    few = found.few;
    for (const row of found.sensors) rows.set(row.number, row);
    read = performance.now();
  }

  function soon(numbers) {
    if (numbers.length && stale) numbers.forEach((n) => stale.size && stale.add(n));
    else stale = new Set(numbers);
    if (!numbers.length) stale = new Set();
    window.clearTimeout(waiting);
    waiting = window.setTimeout(refresh, Math.max(readAt + Math.max(EVERY_MS, 2 * tookMs) - performance.now(), 0));
  }

  async function refresh() {
    if (!wanted() || shownMoment || !stale) return;
    if (asking) { waiting = window.setTimeout(refresh, EVERY_MS); return; }
    const numbers = [...stale], whole = !numbers.length || numbers.length > MOST_ASKED || loaded !== state().lang;
    const {lang} = state();
    stale = null;
    asking = true;
    const began = performance.now();
    const found = await ask(`/api/sensors${whole ? "" : `?numbers=${numbers.join(",")}`}`);
    asking = false;
    readAt = performance.now();
    tookMs = readAt - began; // a slow server is asked less often
    if (!found) { stale = new Set(whole ? [] : numbers); return; }
    if (shownMoment) return;
    if (whole) loaded = lang;
    took(found, {whole});
    draw();
    sayAlerts();
    bar();
    tell("twin:observations", {numbers: whole ? [] : numbers});
  }

  function sayAlerts() {
    const told = [...alerts].map((n) => rows.get(n)).filter((row) => row && row.state === "alert");
    alerts.clear();
    if (told.length) page.say(told.slice(0, 3).map((row) => `${row.name}: ${row.words}`).join(" — "));
  }

  work.watch((name, detail) => {
    if (name === "hello") soon([]);
    if (name === "observations") {
      if (!page.sensed && detail.numbers.length) page.sensed = true;
      if (wanted()) soon(detail.numbers);
    }
    if (name === "alert" && wanted() && detail.state !== "ok") { alerts.add(detail.number); soon([detail.number]); }
  });
  window.setInterval(() => { if (wanted() && !shownMoment && !document.hidden) soon([]); }, WHOLE_MS);
  window.setInterval(() => { if (wanted() && !shownMoment && rows.size && !document.hidden) draw(); }, AGES_MS);

  // ---- the day played again -----------------------------------------------------------------
  const dateOf = (moment) => {
    const parts = Object.fromEntries(new Intl.DateTimeFormat("en-CA", {timeZone: ZONE, year: "numeric", month: "2-digit", day: "2-digit"})
      .formatToParts(moment).map(({type, value}) => [type, value]));
    return `${parts.year}-${parts.month}-${parts.day}`;
  };
  const today = () => dateOf(Date.now());
  const textOf = (moment) => `${new Date(moment).toISOString().slice(0, 16)}Z`;
  const begin = (one) => Date.parse(one.begin);

  // The whole day at once, so that playing asks nobody; today is read again when it has gone on.
  async function dayOf(date) {
    const known = days.get(date);
    if (known && (known.last === known.steps - 1 || performance.now() - known.read < WHOLE_MS)) return known;
    const found = await ask(`/api/sensors/day?day=${date}`);
    if (!found) return known || null;
    found.read = performance.now();
    found.date = date;
    days.delete(date);
    days.set(date, found);
    if (days.size > 3) days.delete(days.keys().next().value);
    return found;
  }

  function drawStep(k) {
    if (!day) return;
    step = Math.min(Math.max(k, 0), Math.max(day.last, 0));
    day.numbers.forEach((number_, i) => {
      const row = rows.get(number_);
      if (!row) return;
      const sign = day.states[i][step];
      rows.set(number_, {...row, value: day.values[i][step], withheld: sign === "w", state: SIGNS[sign], words: "", text: undefined});
    });
    shownMoment = textOf(begin(day) + step * day.step_s * 1000);
    draw();
    bar();
  }

  // Shows a moment: at once from the day at hand, then in full from the server.
  async function at(moment, {settle = true} = {}) {
    const time = Date.parse(moment);
    if (Number.isNaN(time)) return;
    shownMoment = moment;
    if (!rows.size || loaded !== state().lang) {
      const found = await ask(`/api/sensors?at=${encodeURIComponent(moment)}`);
      if (!found || shownMoment !== moment) return;
      loaded = state().lang;
      took(found, {whole: true});
      draw();
    }
    const date = dateOf(time);
    if (day?.date !== date) day = await dayOf(date);
    if (!day || shownMoment !== moment) return;
    position = (time - begin(day)) / 1000;
    drawStep(Math.floor(position / day.step_s));
    shownMoment = moment;
    bar();
    if (settle) settleSoon();
  }

  function settleSoon() {
    window.clearTimeout(settling);
    settling = window.setTimeout(async () => {
      const moment = shownMoment;
      if (!moment || playing) return;
      keep(moment);
      const found = await ask(`/api/sensors?at=${encodeURIComponent(moment)}`);
      if (!found || shownMoment !== moment || playing) return;
      took(found, {whole: true});
      draw();
      tell("twin:sensors-at", {moment, playing: false});
    }, SETTLE_MS);
  }

  // The address follows; while it plays not with every step.
  function keep(moment) {
    written = performance.now();
    if (state().moment !== moment) page.patch({moment});
  }

  async function play() {
    if (playing) return;
    if (!day || !shownMoment) {
      const early = minuteOf(Date.now()) * 60 < EARLY_S;
      day = await dayOf(early ? dateOf(Date.now() - 86400000) : today());
      if (!day) return;
      position = 0;
    }
    if (!rows.size) await whole();
    if (Math.floor(position / day.step_s) >= day.last) position = 0; // it has come to its end: once more
    drawStep(Math.floor(position / day.step_s));
    keep(shownMoment);
    playing = window.setInterval(tick, FRAME_MS);
    bar();
    tell("twin:sensors-at", {moment: shownMoment, playing: true});
  }

  async function whole() {
    const found = await ask("/api/sensors");
    if (!found) return;
    loaded = state().lang;
    took(found, {whole: true});
  }

  function tick() {
    position += (speed * 60 * FRAME_MS) / 1000;
    const next = Math.floor(position / day.step_s);
    if (next === step) return;
    drawStep(next);
    if (next >= day.last) { pause(); return; }
    if (performance.now() - written < WRITE_MS) return;
    keep(shownMoment);
    tell("twin:sensors-at", {moment: shownMoment, playing: true});
  }

  function pause() {
    if (!playing) return;
    window.clearInterval(playing);
    playing = 0;
    bar();
    settleSoon();
  }

  function live() {
    pause();
    window.clearTimeout(settling);
    shownMoment = null;
    day = null;
    page.patch({moment: null});
    tell("twin:sensors-at", {moment: null, playing: false});
    stale = new Set();
    refresh();
    bar();
  }

  // ---- the bar ------------------------------------------------------------------------------
  function bar() {
    for (const node of all("[data-sensors=play]")) {
      const said = playing ? node.dataset.pause : node.dataset.play;
      if (node.getAttribute("aria-pressed") !== String(Boolean(playing))) node.setAttribute("aria-pressed", String(Boolean(playing)));
      if (said && node.title !== said) { node.title = said; node.setAttribute("aria-label", said); }
    }
    for (const node of all("[data-sensors=live]")) if (node.disabled !== !shownMoment) node.disabled = !shownMoment;
    for (const node of all("[data-sensors=speed]")) if (node.value !== String(speed)) node.value = String(speed);
    for (const node of all("[data-sensors=day]")) {
      const date = day && shownMoment ? day.date : today();
      if (node.max !== today()) node.max = today();
      if (node.value !== date && document.activeElement !== node) node.value = date;
    }
    const said = shownMoment ? momentText(Date.parse(shownMoment)) : null;
    for (const node of all("[data-sensors-text=moment]")) {
      if (node.getAttribute("aria-live") !== (playing ? "off" : "polite")) node.setAttribute("aria-live", playing ? "off" : "polite");
      put(node, said || node.dataset.now || "");
    }
    for (const node of all("input[data-sensors=moment]")) slide(node, said);
    document.documentElement.dataset.sensors = shownMoment ? (playing ? "playing" : "played") : "live";
  }

  // Without a day at hand the slider stands at the present minute of today.
  function slide(node, said) {
    const steps = day ? day.steps : 288;
    const now = day && shownMoment ? step : Math.floor(minuteOf(Date.now()) / 5);
    if (node.max !== String(steps - 1)) Object.assign(node, {min: 0, step: 1, max: steps - 1});
    if (node.value !== String(now)) node.value = String(now);
    node.setAttribute("aria-valuetext", said || node.dataset.now || "");
    node.style.setProperty("--part", `${(now / Math.max(steps - 1, 1)) * 100}%`);
  }

  const minuteOf = (moment) => {
    const [hour, minute] = new Intl.DateTimeFormat("en-GB", {timeZone: ZONE, hour: "2-digit", minute: "2-digit"}).format(moment).split(":");
    return Number(hour) * 60 + Number(minute);
  };

  async function seek(k) {
    pause();
    if (!day) day = await dayOf(today());
    if (!day) return;
    position = Math.min(k, Math.max(day.last, 0)) * day.step_s;
    if (!rows.size) await whole();
    drawStep(Math.floor(position / day.step_s));
    settleSoon();
  }

  async function openDay(date) {
    pause();
    if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) return;
    const found = await dayOf(date);
    if (!found || found.last < 0) return;
    day = found;
    if (!rows.size) await whole();
    const noon = Math.min(Math.floor(day.steps / 2), day.last);
    position = (date === today() ? 0 : noon) * day.step_s;
    drawStep(Math.floor(position / day.step_s));
    settleSoon();
  }

  // ---- what is pressed ------------------------------------------------------------------------
  function pick(number_) {
    const row = rows.get(number_), {camera} = state();
    page.patch({pick: {table: "sensors", id: String(number_)}, ...(state().view === "map" ? {view: "sensors"} : {})});
    if (!row || row.lon === null || inSight(row)) return;
    page.patch({camera: {...camera, lon: row.lon, lat: row.lat, zoom: Math.max(camera.zoom, 15)}}, {move: true});
  }

  function inSight({lon, lat}) {
    const point = window.twinMap?.project?.(lon, lat);
    if (!point) return false;
    const box = document.getElementById("map").getBoundingClientRect();
    const style = getComputedStyle(document.documentElement);
    const wide = window.matchMedia("(min-width: 901px)").matches;
    const side = (name) => (wide ? parseFloat(style.getPropertyValue(name)) + 24 : 24);
    return point[0] > side("--left-w") && point[0] < box.width - side("--right-w") && point[1] > 60 && point[1] < box.height - 120;
  }

  const ACTIONS = {
    play: () => (playing ? pause() : play()),
    live,
    filter: ({property}) => page.patch({property: property && property !== state().property ? property : null}),
    pick: ({number: n}) => pick(Number(n)),
  };

  document.addEventListener("click", (event) => {
    if (!state()) return;
    const at_ = event.target.closest("button[data-sensors], a[data-sensors], li[data-sensors], tr[data-sensors]");
    if (at_ && !at_.disabled) ACTIONS[at_.dataset.sensors]?.(at_.dataset);
    const picked = event.target.closest('[data-pick^="sensors:"]');
    if (picked) pick(Number(picked.dataset.pick.slice(8)));
  });
  document.addEventListener("change", ({target}) => {
    if (!state() || !target.dataset.sensors) return;
    if (target.dataset.sensors === "speed") speed = Number(target.value) || 30;
    if (target.dataset.sensors === "day") openDay(target.value);
    if (target.dataset.sensors === "filter") page.patch({property: target.value || null});
  });
  document.addEventListener("input", ({target}) => {
    if (state() && target.dataset.sensors === "moment") seek(Number(target.value));
  });
  window.addEventListener("map-pick", ({detail}) => {
    if (detail?.table === "sensors" && state().view === "map") page.patch({view: "sensors"});
  });

  // ---- the page's state changed ---------------------------------------------------------------
  let was = {};
  page.watch((now) => {
    const {view, lang, moment, property, layers} = now;
    const text = JSON.stringify([wanted(), lang]);
    const changed = was.text !== text, asked = moment !== was.moment && moment !== shownMoment;
    const filtered = property !== was.property || layers.sensors !== was.layer || view !== was.view || page.theme() !== was.theme;
    was = {text, moment, property, layer: layers.sensors, view, theme: page.theme()};
    if (!wanted()) {
      if (changed) { pause(); draw(); }
      return;
    }
    if (moment && (asked || changed && !playing)) at(moment);
    else if (!moment && shownMoment && asked) live();
    else if (changed && !shownMoment) soon([]);
    else if (filtered) draw();
    if (changed) bar();
  });
  // panels are drawn anew at any time: what stands in them is as the script knows it
  new MutationObserver((changes) => {
    const map = document.getElementById("map");
    if (!wanted() || !changes.some(({addedNodes, target}) => addedNodes.length && !map.contains(target))) return;
    bar();
    write();
  }).observe(document.getElementById("react-entry-point"), {childList: true, subtree: true});

  return {
    rows, live, at, play, pause, refresh: () => soon([]),
    get moment() { return shownMoment; }, get playing() { return playing !== 0; },
  };
})();
