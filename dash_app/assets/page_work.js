// The workspace in the browser: scenarios at hand, saving, runs, and which regions are drawn anew.
// What it says comes from Python (dash_app/pages/workspace.py); seams: dash_app/workspace/README.md.
"use strict";

window.twinWork = (() => {
  const page = window.twinPage;
  const WORKING = ["scenario", "compare", "mobility", "energy", "sensors"];
  const REGIONS = ["strip", "left", "right", "bottom", "years", "sides", "saved", "map"];
  const PREVIEW_MS = 150, RETRY_MS = 2000, RENEW_MS = 60;
  const KEPT = "twin-unsaved";     // edits on their way, so that a closed window loses none
  const actions = {};
  const watchers = [];
  const sides = {};                // what the server told of base, a and b: id, version, hash, ready
  let told = {};                   // the latest of all: maps, words, years
  let draft = null;                // {measure, hash} while a measure is being made
  let marked = [];                 // rows the map shall mark
  let areas = [];                  // zones of reach
  let tool = null;
  let held = false;                // B is down: today in place
  const besides = {};              // what single modes ask for besides, by name
  let panel = {};                  // right panel asked for
  let me = {token: ""};
  const missed = new Set();        // scenarios of the address that cannot be shown
  let asked = "";                  // the state the regions were last drawn for
  let wanted = new Set();
  let flying = new Set();          // asked for and not drawn yet: a newer request makes Dash drop the answer
  let renewing = 0;

  const state = () => page.state;
  const shown = () => (held ? "base" : state().shown);
  const emit = (name, detail) => watchers.forEach((watch) => watch(name, detail));

  // ---- asking the server ------------------------------------------------------------------
  async function api(method, path, body, options = {}) {
    const answer = await fetch(path, {
      method, signal: options.signal,
      headers: {"Accept": "application/json", "Accept-Language": state().lang, "X-Twin-Token": me.token,
        ...(body === undefined ? {} : {"Content-Type": "application/json"})},
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const said = (answer.headers.get("content-type") || "").includes("json") ? await answer.json() : null;
    if (!answer.ok) throw Object.assign(new Error(said?.detail || said?.title || answer.statusText), {status: answer.status, said});
    return said;
  }

  // Draw regions anew; several wishes within a moment become one request.
  function renew(...regions) {
    for (const region of regions.length ? regions : REGIONS) wanted.add(region);
    window.clearTimeout(renewing);
    renewing = window.setTimeout(askNow, renewing ? RENEW_MS : 0);
  }

  function askNow() {
    renewing = 0;
    if (!state() || !window.dash_clientside?.set_props) return;
    flying.forEach((region) => wanted.add(region));
    flying = new Set(wanted);
    const {lang, view, a, b, year, value, hour, split, explain, cards, at, pick, moment, property} = state();
    const data = {
      lang, view, a, b, year, value, hour, split, at, explain, cards, pick, moment, property, shown: shown(), panel, ...besides,
      drafts: draft ? {[draft.side]: draft.hash} : {},
      before: Object.fromEntries(Object.entries(sides).map(([key, side]) => [key, side.before])),
      regions: [...wanted], seq: (askNow.seq = (askNow.seq || 0) + 1),
    };
    wanted = new Set();
    window.dash_clientside.set_props("work-asked", {data});
  }

  // ---- what the server found ---------------------------------------------------------------
  function heard(answer) {
    if (!answer) return;
    if (answer.seq < (told.seq || 0)) return;
    if (answer.seq === askNow.seq) flying.clear();
    told = {...told, ...answer};
    for (const key of ["base", "a", "b"]) {
      const found = answer.sides?.[key];
      if (!found) { delete sides[key]; continue; }
      const old = sides[key];
      if (pending.some(({id}) => id === found.id)) continue; // it is about to be another one
      sides[key] = {...old, ...found, before: old?.ready ? old.hash : old?.before};
    }
    const lost = (answer.missing || []).find(({id}) => !missed.has(id)); // said once
    if (lost) {
      missed.add(lost.id);
      dialog("missing", lost);
    }
    if (answer.maps) page.valueWords = answer.value || null;
    drawMap();
    runAll();
    emit("told", told);
  }

  // The scenario that edits go to: what is shown, else A.
  function active() {
    const {shown: now} = state();
    return now === "b" && sides.b ? "b" : "a";
  }

  // ---- runs -------------------------------------------------------------------------------
  const running = {};  // by side: what is being computed
  const failed = {};   // by side: hash whose run failed, so that it is not asked for again and again

  function runAll() {
    for (const key of ["a", "b", "base"]) {
      const side = sides[key];
      if (side && !side.ready && running[key]?.hash !== side.hash && failed[key] !== side.hash) run(key);
    }
    showBusy();
  }

  async function run(key) {
    const side = sides[key];
    const mine = (running[key] = {hash: side.hash, since: performance.now()});
    try {
      const year = told.year;
      const answer = await api("POST", "/api/runs", {...side.run, year, token: `${me.tab}-${key}`});
      if (running[key] !== mine) return;
      delete running[key];
      if (answer.superseded || sides[key]?.hash !== mine.hash) return;
      if (answer.years.includes(year)) sides[key] = {...sides[key], ready: true};
      else if (answer.state === "failed") failed[key] = mine.hash;
      measured.push({side: key, ms: performance.now() - mine.since, server: answer.ms});
      renew("strip", "map", "bottom", "sides", "years", "left", ...(panel.name === "form" ? [] : ["right"]));
    } catch (error) {
      if (running[key] !== mine) return;
      delete running[key];
      if (error.status && error.status < 500 && error.status !== 429) {
        failed[key] = mine.hash; // the strip says why
        renew("strip", "bottom");
      } else window.setTimeout(runAll, RETRY_MS);
    }
    showBusy();
  }
  const measured = []; // how long it took from edit to answer, for the curious and the benchmark

  function showBusy() {
    const busy = Object.keys(running).length > 0 || Boolean(trying) || previewing;
    document.documentElement.dataset.busy = busy ? "computing" : "ready";
  }

  // ---- the live effect of a measure that is being made --------------------------------------
  let trying = null;
  let waiting = 0;
  let previewing = false;
  function preview(measure) {
    const had = draft;
    dropDraft();
    draft = measure ? had : null;
    if (!measure) {
      if (had) renew("strip", "map", "bottom");
      showBusy();
      return;
    }
    previewing = true;
    showBusy();
    waiting = window.setTimeout(() => tryOut(measure), PREVIEW_MS);
  }

  // What is saved takes the place of what was tried out.
  function dropDraft() {
    window.clearTimeout(waiting);
    trying?.abort();
    trying = null;
    previewing = false;
    draft = null;
  }

  async function tryOut(measure) {
    const key = active();
    const side = sides[key];
    if (!side?.id) { previewing = false; showBusy(); return; }
    const control = (trying = new AbortController());
    try {
      const answer = await api("POST", "/api/runs", {
        scenario: side.id, version: side.version, measure, year: told.year,
        token: `${me.tab}-${key}`,
      }, {signal: control.signal});
      if (trying !== control || answer.superseded) return;
      draft = {measure, hash: answer.hash, side: key};
      if (answer.years.includes(told.year)) renew("strip", "map", "bottom");
    } catch (error) {
      if (error.name !== "AbortError") draft = null; // the form says what is wrong with it
    } finally {
      if (trying === control) { trying = null; previewing = false; }
      showBusy();
    }
  }

  // ---- edits: saved one after the other, kept until the server has said yes ------------------
  const pending = JSON.parse(window.localStorage.getItem(KEPT) || "[]");
  let sending = false;

  function keepPending() {
    if (pending.length) window.localStorage.setItem(KEPT, JSON.stringify(pending));
    else window.localStorage.removeItem(KEPT);
    document.documentElement.dataset.saving = pending.length ? "yes" : "no";
  }

  // The version an edit starts from; it stays with the edit, also over a reload of the page.
  const versionOf = (id) => Object.values(sides).find((side) => side.id === id)?.version;

  // Save one edit of a scenario, by its side or id; the new version and its hash come back.
  function edit(change, {scenario = null} = {}) {
    const key = scenario && sides[scenario] ? scenario : scenario ? null : active();
    const id = key ? sides[key]?.id : scenario;
    if (!id) return Promise.resolve(null);
    dropDraft();
    return new Promise((resolve) => {
      pending.push({id, from: versionOf(id), path: "edits", body: {edit: change}, done: resolve});
      keepPending();
      renew("saved");
      send();
    });
  }

  // Undo, redo, go to a version, keep it under a name: moves along the same line of versions.
  function move(path, body = {}, key = active()) {
    if (!sides[key]?.id) return Promise.resolve(null);
    dropDraft();
    return new Promise((resolve) => {
      pending.push({id: sides[key].id, from: sides[key].version, path, body, done: resolve});
      keepPending();
      send();
    });
  }

  async function send() {
    if (sending || !pending.length) return;
    sending = true;
    const {id, from, path, body, done} = pending[0];
    try {
      const answer = await api("POST", `/api/scenarios/${id}/${path}`, {expected_version: from, ...body});
      pending.shift();
      for (const one of pending) if (one.id === id) one.from = answer.version; // made on what is saved now
      took(id, answer);
      done?.(answer);
    } catch (error) {
      if (!error.status || error.status >= 500 || error.status === 429) {
        sending = false; // the server is away: what is not saved stays in line
        document.documentElement.dataset.saving = "waiting";
        say(page.words.unsaved);
        window.setTimeout(send, RETRY_MS);
        return;
      }
      pending.shift();
      refused(id, path, body, error);
      done?.(null);
    }
    sending = false;
    keepPending();
    renew("saved");
    send();
  }

  function took(id, answer) {
    for (const [key, side] of Object.entries(sides)) {
      if (side.id !== id || !answer.hash) continue;
      sides[key] = {...side, version: answer.version, hash: answer.hash, ready: false, before: side.ready ? side.hash : side.before,
        run: {scenario: id, version: answer.version}};
      if (String(state()[key]).includes("@")) page.patch({[key]: id}); // from now on the newest
    }
    if (answer.message) spoken(answer.message);
    renew("left", "strip", "saved");
    runAll();
  }

  function refused(id, path, body, error) {
    if (error.status === 409) dialog("conflict", {id, body, ...error.said});
    else say(error.said?.faults?.map((fault) => fault.text).join(" ") || error.message);
    emit("refused", {id, path, body, said: error.said});
    renew("left");
  }

  window.addEventListener("beforeunload", (event) => {
    if (!pending.length && !window.twinForm?.dirty?.()) return;
    event.preventDefault();
    event.returnValue = "";
  });

  // ---- the map ------------------------------------------------------------------------------
  function drawMap() {
    const maps = told.maps || {};
    const {split, at, view} = state() || {};
    const [before, after] = told.pair || ["base", "a"];
    const now = WORKING.includes(view) || state()?.value ? maps[shown()] : null;
    const two = split !== "none" && view === "compare" && maps[before] && maps[after];
    const themed = (spec) => spec && {...spec, ...spec[page.theme()], ...(override ? {url: override} : {})};
    page.overlay({
      values: now || two ? {
        left: themed(two ? maps[before] : now), right: two ? themed(maps[after]) : null,
        split: two ? split : "none", at, flow: Boolean(told.flow), height: Boolean(told.height),
      } : null,
      scene: sceneNow(view),
      marked: panel.name === "form" ? marked : [], areas, tool,
    });
  }

  // What measures add; streets with another rule stand out only where one works on them.
  function sceneNow(view) {
    const key = shown() === "diff" ? "a" : shown();
    const found = key === "base" ? null : told.scenes?.[key];
    return found ? {...found, changed: view === "scenario"} : null;
  }

  // Other values in the same colours, such as the ways of those who drive over one street.
  let override = null;
  function only(url) {
    if (override === url) return;
    override = url;
    drawMap();
  }

  function mark(sets) { marked = sets || []; drawMap(); }
  function show(zones) { areas = zones || []; drawMap(); }
  function take(next) { tool = next; document.documentElement.dataset.tool = next?.kind || ""; drawMap(); emit("tool", next); }

  // ---- panels, dialogs, words -----------------------------------------------------------------
  function openPanel(name, args = {}) {
    panel = name && name !== "inspector" ? {name, ...args} : {};
    page.patch({explain: name === "explain"
      ? [args.indicator, args.level, args.area].filter(Boolean).join(":") : null});
    renew("right");
  }

  function dialog(name, args = {}) {
    panelDialog = {name, ...args};
    window.dash_clientside.set_props("dialog-asked", {data: {lang: state().lang, ...panelDialog,
      ...Object.fromEntries(["a", "b", "shown", "year", "view", "value", "hour", "cards"].map((key) => [key, state()[key]])), seq: Date.now()}});
  }
  let panelDialog = null;

  const say = (text) => text && page.say(text);
  const spoken = (text) => window.dash_clientside.set_props("spoken", {children: text});

  // ---- the page's state changed --------------------------------------------------------------
  const DRAWN_BY = ["lang", "view", "a", "b", "shown", "year", "value", "hour", "split", "explain", "cards", "pick", "property"];
  let themeDrawn = null;
  page.watch((now) => {
    const text = JSON.stringify(DRAWN_BY.map((name) => now[name]));
    if (themeDrawn !== page.theme()) {
      themeDrawn = page.theme();
      drawMap();
    }
    if (text === asked) return;
    const first = asked === "";
    const only = !first && DRAWN_BY.filter((name, at) => JSON.stringify(JSON.parse(asked)[at]) !== JSON.stringify(now[name]));
    const was = first ? null : JSON.parse(asked)[DRAWN_BY.indexOf("pick")];
    asked = text;
    if (only && only.length === 1 && only[0] === "pick") {
      const sensed = now.view === "sensors" || [was, now.pick].some((one) => one?.table === "sensors");
      renew("bottom", ...(sensed ? ["left", "right"] : []));
      return;
    }
    if (now.explain && !panel.name) panel = explainOf(now.explain);
    if (!now.explain && panel.name === "explain") panel = {};
    if (!first) drawMap(); // at once with what is there
    for (const key of ["a", "b"]) if (!now[key]) delete sides[key];
    renew();
  });

  function explainOf(text) {
    const [indicator, level, ...area] = text.split(":");
    return {name: "explain", indicator, level, area: area.join(":") || undefined};
  }

  // ---- events of the server: others' changes, restarts ----------------------------------------
  let instance = null;
  let away = false;
  function listen() {
    const events = new EventSource("/api/events");
    events.addEventListener("hello", ({data}) => {
      const now = JSON.parse(data).instance;
      if (instance && (now !== instance || away)) {
        say(now !== instance ? page.words.restarted : page.words.back);
        for (const side of Object.values(sides)) side.ready = false;
        Object.keys(failed).forEach((key) => delete failed[key]);
        Object.keys(running).forEach((key) => delete running[key]);
        renew();
        send();
      }
      if (away) emit("hello", {});
      instance = now;
      away = false;
      document.documentElement.dataset.server = "there";
    });
    events.addEventListener("scenario", ({data}) => {
      const {id, version, author} = JSON.parse(data);
      const known = Object.values(sides).find((side) => side.id === id);
      if (known && (known.version === version || pending.some((one) => one.id === id))) return;
      if (known && author) say(page.words.changed.replace("{author}", author));
      renew("left", "strip", "map", "saved");
    });
    for (const name of ["observations", "alert"]) {
      events.addEventListener(name, ({data}) => emit(name, JSON.parse(data)));
    }
    events.onerror = () => {
      if (!away) say(page.words.server);
      away = true;
      document.documentElement.dataset.server = "away";
    };
  }

  let started = false;
  async function start() {
    if (started) return;
    started = true;
    me = {...await api("GET", "/api/me").catch(() => ({token: ""})), tab: Math.random().toString(36).slice(2, 10)};
    listen();
    if (pending.length) { say(page.words.resent); keepPending(); send(); }
  }

  // ---- what is pressed ------------------------------------------------------------------------
  const on = (name, act) => { actions[name] = act; };

  document.addEventListener("click", (event) => {
    const at = event.target.closest("[data-work]");
    if (!at || at.disabled || at.tagName === "SELECT" || /^(checkbox|radio|range|text|number|search|file)$/.test(at.type)) return;
    actions[at.dataset.work]?.(at.dataset, event, at);
  });
  document.addEventListener("change", (event) => {
    const at = event.target.closest("[data-work]");
    if (at && (at.tagName === "SELECT" || at.tagName === "INPUT" || at.tagName === "TEXTAREA")) {
      actions[at.dataset.work]?.({...at.dataset, checked: at.checked, chosen: at.value}, event, at);
    }
  });

  on("show", ({shown: next}) => page.patch({shown: next}));
  on("choose", ({side, id}) => page.patch({[side]: state()[side] === id ? null : id, ...(state().shown === "base" ? {shown: side} : {})}));
  on("value", ({value, chosen}) => page.patch({value: chosen || value || "none"}));
  on("split", ({split}) => page.patch(split === "diff" ? {split: "none", shown: "diff"}
    : {split, ...(state().shown === "diff" ? {shown: sides.b ? "b" : "a"} : {})}));
  on("year", ({year, chosen}) => page.patch({year: Number(chosen ?? year)}));
  on("panel", ({panel: name, ...args}) => openPanel(name, args));
  on("dialog", ({dialog: name, ...args}) => dialog(name, args));
  on("close-dialog", () => document.getElementById("dialog").close());
  on("edit", ({edit: text, scenario, checked}) => {
    const change = JSON.parse(text);
    if (checked !== undefined && "enabled" in change) change.enabled = checked;
    return edit(change, {scenario});
  });
  on("undo", () => move("undo"));
  on("redo", () => move("redo"));
  on("go-to", ({number}) => move("go_to", {number: Number(number)}));
  on("cards", ({cards}) => { page.patch({cards: cards ? cards.split(",") : []}); dialog("cards"); });
  on("copy-link", () => page.copyLink());
  on("hour", ({hour, chosen}) => page.patch({hour: (chosen ?? hour) === "" ? null : Number(chosen ?? hour)}));

  document.addEventListener("keydown", (event) => {
    if (!state() || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
    const key = event.key.toLowerCase();
    if (key === "b" && !event.ctrlKey && !event.metaKey && !event.altKey && !held && told.maps) {
      held = true;
      document.documentElement.dataset.held = "base";
      drawMap();
      renew("strip");
    } else if ((event.ctrlKey || event.metaKey) && key === "z" && sides.a) {
      move(event.shiftKey ? "redo" : "undo");
      event.preventDefault();
    } else if ((event.ctrlKey || event.metaKey) && key === "y" && sides.a) {
      move("redo");
      event.preventDefault();
    }
  });
  function release() {
    if (!held) return;
    held = false;
    delete document.documentElement.dataset.held;
    drawMap();
    renew("strip");
  }
  document.addEventListener("keyup", (event) => { if (event.key.toLowerCase() === "b") release(); });
  window.addEventListener("blur", release);
  window.addEventListener("map-split", ({detail}) => page.patch({at: detail.at}));
  window.addEventListener("map-tool", ({detail}) => { if (detail?.step === "leave" && tool) take(null); });

  return {
    on, edit, move, preview, mark, only, place: () => page.place, areas: show, tool: take, panel: openPanel, dialog, say, spoken, api, renew, heard, start,
    active, watch: (watcher) => watchers.push(watcher),
    get state() { return state(); }, get sides() { return sides; }, get told() { return told; },
    get me() { return me; }, get measured() { return measured; }, get held() { return held; },
    patch: (changes) => page.patch(changes),
    besides: (name, value) => { besides[name] = value; },
  };
})();
