// Tools of the map and lists of names: what is chosen and drawn goes into the draft.
"use strict";

window.twinFormParts.tools = (f, work, {fill}, changed) => {
  const {all, one, get, set, add, same} = f;
  let tool = null;        // {kind, path, table} taken from the form
  let chain = [];         // clicks of a street chain: {end, ids that it brought}

  function remove(path, values) {
    if (values === null) set(path, undefined);
    else {
      const left = (get(path) || []).filter((value) => !values.some((other) => same(other, value)));
      set(path, left.length ? left : undefined);
    }
    fill();
    changed();
  }

  // ---- tools of the map ---------------------------------------------------------------------------
  function take(button) {
    const {tool: kind, path, table} = button.dataset;
    const again = tool && tool.kind === kind && tool.path === path;
    letGo();
    if (again) return;
    tool = {kind, path, table};
    button.setAttribute("aria-pressed", "true");
    tell();
    document.getElementById("map")?.focus();
  }

  const currentIds = (path) => (Array.isArray(get(path)) && typeof get(path)[0] === "string" ? get(path) : []);

  function letGo() {
    if (!tool) return;
    tool = null;
    chain = [];
    for (const button of all("[data-work=form-tool]")) button.setAttribute("aria-pressed", "false");
    work.tool(null);
  }

  // Steps of the map's tools (map-tool.js): `set` and `undo` while drawing, `done`, `leave`.
  async function drawn({kind, table, step, took, ids, geometry, done}) {
    if (!tool || !f.root || kind !== tool.kind) return;
    if (step === "leave") { letGo(); return; }
    const path = tool.path;
    try {
      if (kind === "click") clicked(path, ids || [], took);
      else if (kind === "chain") await chained(path, step, ids || [], geometry);
      else if (geometry && done) {
        if (kind === "lasso") await lassoed(path, table || tool.table, geometry);
        else if (kind === "area" || kind === "building") set(path, (await area(geometry)) || geometry);
        else if (kind === "line") set(path, {type: "LineString", coordinates: geometry.coordinates});
        else if (kind === "point") pointed(path, geometry.coordinates);
      } else return;
    } catch (error) {
      if (error.name !== "AbortError") work.say(said(error));
      return;
    }
    fill();
    changed();
    const goesOn = ["click", "lasso"].includes(kind) || (kind === "chain" && step !== "done") || (kind === "point" && /points$/.test(path));
    if (!goesOn) letGo();
    else if (tool) tell();
  }

  // The map marks what is chosen already.
  function tell() {
    const single = SINGLE.test(tool.path);
    work.tool({kind: tool.kind, table: tool.table || null, ids: single ? [] : currentIds(tool.path), ...(single ? {single} : {})});
  }

  const said = (error) => error.said?.faults?.map(({text}) => text).join(" ") || error.said?.detail || error.message;

  const SINGLE = /(^|\.)(stop|place)$/;

  const street = (id) => String(id).replace(/:[fb]$/, ""); // both directions are one street

  // The event names what was clicked and whether it was taken in or out.
  function clicked(path, ids, took) {
    if (SINGLE.test(path)) { if (ids.length) set(path, ids[ids.length - 1]); return; }
    const now = currentIds(path);
    const fresh = ids.filter((id) => !now.includes(id));
    if (took ?? fresh.length > 0) { add(path, fresh); return; }
    const gone = new Set(ids.map(street));
    const left = now.filter((id) => !gone.has(street(id)));
    set(path, left.length ? left : undefined);
  }

  // Streets from the click before to this one; a further click goes on from there.
  async function chained(path, step, ids, geometry) {
    const last = chain[chain.length - 1];
    if (step === "undo") {
      const back = chain.pop();
      if (back?.ids.length) {
        const left = currentIds(path).filter((id) => !back.ids.includes(id));
        set(path, left.length ? left : undefined);
      }
      return;
    }
    if (step === "done" && chain.length !== 1) return;
    const end = step === "done" ? last.end : ids[0] ?? geometry?.coordinates;
    if (end === undefined) return;
    if (!last) { chain.push({end, ids: []}); return; }
    const found = await work.api("POST", "/api/chain", {...where(), from: last.end, to: end, mode: "any"});
    const fresh = found.ids.filter((id) => !currentIds(path).includes(id));
    chain.push({end, ids: fresh});
    add(path, fresh);
  }

  const where = () => {
    const side = work.sides[work.active()];
    return side?.id ? {scenario: side.id, version: side.version} : {};
  };

  const MOST_IDS = 2000;
  async function lassoed(path, table, geometry) {
    const found = await work.api("POST", "/api/select", {...where(), table, area: geometry});
    if (found.ids.length > MOST_IDS && /^select\.ids$/.test(path)) set("select.area", found.area);
    else add(path, found.ids);
  }

  async function area(geometry) {
    const found = await work.api("POST", "/api/select", {...where(), table: "districts", area: geometry});
    return found.area;
  }

  function pointed(path, spot) {
    const point = spot.slice(0, 2).map((value) => Math.round(value * 1e6) / 1e6);
    if (/points$/.test(path)) add(path, [point]);
    else {
      set(path, point);
      if (path === "around.point") set("around.place", undefined);
    }
  }

  // ---- names typed ------------------------------------------------------------------------------
  async function typedName(field) {
    const path = field.dataset.add;
    const text = field.value.trim();
    if (!text) return;
    if (path === "streets") {
      try {
        const found = await work.api("POST", "/api/select", {...where(), table: "streets", names: [text]});
        if (found.ids.length) add(path, found.ids);
        else { work.say(one(`[data-problem="${path}"]`)?.textContent || ""); return; }
      } catch (error) { work.say(said(error)); return; }
    } else add(path, [text]);
    field.value = "";
    fill();
    changed();
    field.focus();
  }

  // The map let its tool go by itself.
  function lost() {
    if (!tool) return;
    tool = null;
    chain = [];
    for (const button of all("[data-work=form-tool]")) button.setAttribute("aria-pressed", "false");
  }

  return {take, letGo, lost, drawn, remove, typedName, get held() { return tool; }};
};
