// Charts and the map speak to each other: what is pointed at, picked or brushed on one stands out
// on the other. Only events and classes; numbers and words come from Python. Also the small things
// of the panels that no other script does: copying the link, targets, assumptions, hours.
"use strict";

window.twinCharts = (() => {
  const work = () => window.twinWork;
  let near = null;      // what is pointed at: {table, id} or a class of a chart
  let chosen = [];      // marks that are brushed, as data of their own
  const LINKS = ["table", "id", "carrier", "mode", "column", "value", "low", "high"];

  const all = (query, root = document) => [...root.querySelectorAll(query)];
  const linkOf = (node) => Object.fromEntries(LINKS.filter((name) => node.dataset[name] !== undefined && node.dataset[name] !== "")
    .map((name) => [name, node.dataset[name]]));
  const same = (one, other) => LINKS.every((name) => one[name] === other[name]);
  const emit = (name, detail) => window.dispatchEvent(new CustomEvent(name, {detail}));

  // ---- text of charts stays as large as the rest of the page ------------------------------------
  const sized = new ResizeObserver((entries) => {
    for (const {target, contentRect} of entries) {
      const wide = target.viewBox?.baseVal?.width;
      if (wide && contentRect.width) target.style.setProperty("--k", (wide / contentRect.width).toFixed(3));
    }
  });
  const seen = new WeakSet();
  function watchCharts() {
    for (const chart of all("svg.chart")) {
      if (seen.has(chart)) continue;
      seen.add(chart);
      sized.observe(chart);
    }
  }
  let waiting = false;
  new MutationObserver((changes) => {
    if (waiting || !changes.some((change) => change.addedNodes.length && !change.target.closest?.("#map"))) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; watchCharts(); reflect(); });
  }).observe(document.documentElement, {childList: true, subtree: true});
  watchCharts();

  // ---- marks ------------------------------------------------------------------------------------
  function reflect() {
    const wanted = [...chosen, ...(near ? [near] : [])];
    for (const root of all(".charts, .compare, .explain")) {
      const marks = all("[data-mark]", root);
      let some = false;
      for (const mark of marks) {
        const link = linkOf(mark);
        const on = chosen.some((one) => same(one, link));
        const pointed = Boolean(near) && same(near, link);
        mark.classList.toggle("is-on", on);
        mark.classList.toggle("is-near", pointed);
        some = some || on || pointed;
      }
      root.classList.toggle("is-linked", some && wanted.length > 0);
    }
  }

  function point(link) {
    if ((!link && !near) || (link && near && same(link, near))) return;
    near = link && {...link, from: "chart"};
    reflect();
    emit("chart-hover", link);
  }

  function choose(link, more) {
    const there = chosen.some((one) => same(one, link));
    chosen = there ? chosen.filter((one) => !same(one, link)) : [...(more ? chosen : []), link];
    reflect();
    emit("chart-filter", {marks: chosen});
  }

  function clear() {
    if (!chosen.length) return;
    chosen = [];
    reflect();
    emit("chart-filter", {marks: []});
  }

  document.addEventListener("pointerover", (event) => {
    const mark = event.target.closest?.("[data-mark]");
    if (mark || near) point(mark ? linkOf(mark) : null);
  });
  document.addEventListener("focusin", (event) => {
    const mark = event.target.closest?.("[data-mark]");
    if (mark) point(linkOf(mark));
  });

  // Pressing a mark filters; dragging over several takes all of them (a brush).
  let brush = null;
  document.addEventListener("pointerdown", (event) => {
    const mark = event.target.closest?.(".chart [data-mark]");
    if (!mark || event.button !== 0) return;
    brush = {chart: mark.closest(".chart"), links: [linkOf(mark)], moved: false, more: event.shiftKey || event.ctrlKey};
  });
  document.addEventListener("pointermove", (event) => {
    if (!brush) return;
    const mark = event.target.closest?.("[data-mark]");
    if (!mark || mark.closest(".chart") !== brush.chart) return;
    const link = linkOf(mark);
    if (brush.links.some((one) => same(one, link))) return;
    brush.moved = true;
    brush.links.push(link);
    chosen = brush.more ? [...chosen.filter((one) => !same(one, link)), link] : [...brush.links];
    reflect();
  });
  document.addEventListener("pointerup", () => {
    if (!brush) return;
    if (brush.moved) emit("chart-filter", {marks: chosen});
    else choose(brush.links[0], brush.more);
    brush = null;
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") clear(); });

  // ---- to the map ---------------------------------------------------------------------------------
  // A row is marked on the map, a class of buildings is looked up, and what stands for a view of
  // results (a carrier, a mode, a class of streets) shows that view.
  const VIEWS = {carrier: {gas: "share_gas", green_gas: "share_gas", oil: "share_oil", coal: "share_oil", green_oil: "share_oil",
    district_heat: "share_district_heat", electricity: "share_heat_pump", ambient_heat: "share_heat_pump", biomass: "share_biomass"},
  mode: {walk: "mode_share_walk", bike: "mode_share_bike", transit: "mode_share_transit", car: "mode_share_car", passenger: "mode_share_car"}};
  const LINKED = ["compare", "mobility", "energy", "sensors"]; // elsewhere marks belong to the form of a measure
  const linked = () => work() && LINKED.includes(work().state?.view);
  const looked = new Map(); // rows of a class, asked for once
  let marking = 0;

  async function rowsOf(link) {
    if (link.id) return {table: link.table, ids: [link.id]};
    if (!link.table || !link.column) return null;
    const key = `${link.table}:${link.column}:${link.value}`;
    if (!looked.has(key)) {
      const where = [{column: link.column, op: "in", value: [link.value]}];
      looked.set(key, work().api("POST", "/api/select", {table: link.table, where}).catch(() => { looked.delete(key); return null; }));
    }
    const found = await looked.get(key);
    return found && {table: link.table, ids: found.ids};
  }

  async function toMap() {
    if (!linked()) return;
    const now = ++marking;
    const rows = await Promise.all(chosen.map(rowsOf));
    if (now !== marking) return;
    const sets = rows.filter(Boolean).map((set) => ({...set, style: "chosen"}));
    if (near?.id && near.from === "chart") sets.push({table: near.table, ids: [near.id], style: "hover"});
    work().mark(sets);
  }

  function viewOf(link) {
    if (link.carrier) return VIEWS.carrier[link.carrier];
    if (link.mode) return VIEWS.mode[link.mode];
    return link.low !== undefined ? link.value : null;
  }

  window.addEventListener("chart-filter", ({detail}) => {
    toMap();
    const last = detail.marks[detail.marks.length - 1];
    const view = last && linked() && viewOf(last);
    if (view) work().patch({value: view});
  });
  window.addEventListener("chart-hover", () => { if (near?.id || marking) toMap(); });

  // ---- the map speaks -------------------------------------------------------------------------
  window.addEventListener("map-hover", ({detail}) => {
    const link = detail?.table && detail.id ? {table: detail.table, id: String(detail.id)} : null;
    if (near?.from === "chart" && !link) return;
    if (link || near) { near = link; reflect(); }
  });
  window.addEventListener("map-tool", ({detail}) => {
    if (detail?.kind !== "lasso" || !detail.done || !detail.ids) return;
    chosen = detail.ids.map((id) => ({table: detail.table, id: String(id)}));
    reflect();
  });

  // ---- sliders of years and hours: every step shows at once -------------------------------------
  let sliding = 0;
  document.addEventListener("input", (event) => {
    const slider = event.target.closest?.("[data-slide]");
    if (!slider || !work()) return;
    const {slide, stops, words} = slider.dataset;
    const value = stops ? Number(stops.split(",")[Number(slider.value)]) : Number(slider.value);
    const now = slider.closest(".year-part")?.querySelector(`[data-now="${slide}"]`);
    const text = words.replace("{}", String(value));
    if (now) now.textContent = text;
    slider.setAttribute("aria-valuetext", text);
    if (slider.max) slider.style.setProperty("--part", `${100 * slider.value / slider.max}%`);
    window.clearTimeout(sliding);
    sliding = window.setTimeout(() => work().patch({[slide]: value}), 60);
  });

  // ---- small actions of the panels ------------------------------------------------------------
  function number(text) {
    const plain = String(text).trim().replace(/[\s\u202f]/g, "").replace("\u2212", "-");
    const parts = plain.split(",");
    const value = Number(parts.length === 2 ? `${parts[0].replace(/\./g, "")}.${parts[1]}` : plain);
    return plain !== "" && Number.isFinite(value) ? value : null;
  }

  function wrong(field, bad) {
    if (bad) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
    if (bad) field.focus();
    return bad;
  }

  const actions = {
    hour: ({hour, chosen: value}) => work().patch({hour: (value ?? hour) === "" ? null : Number(value ?? hour)}),
    "copy-link": async (_data, _event, button) => {
      await navigator.clipboard.writeText(window.location.href);
      button?.classList.add("is-done");
      work().say(window.twinPage?.words?.copied || "");
    },
    assume: ({edit, scenario, chosen: text}, _event, field) => {
      const value = number(text);
      if (wrong(field, value === null)) return null;
      const change = JSON.parse(edit);
      return change.value === value ? null : work().edit({...change, value}, {scenario});
    },
    target: async ({indicator, year, value}) => {
      const typed = {year: document.getElementById("target-year"), value: document.getElementById("target-value")};
      const when = year ? Number(year) : number(typed.year.value);
      const wanted = value === "" ? null : number(typed.value.value);
      if (!year && wrong(typed.year, when === null || !Number.isInteger(when) || when < 2000 || when > 2100)) return;
      if (value !== "" && wrong(typed.value, wanted === null)) return;
      await work().api("PUT", `/api/targets/${encodeURIComponent(indicator)}/${when}`, {value: wanted})
        .catch((error) => work().say(error.message));
      work().renew("right", "strip", "bottom");
    },
    "want-spread": async ({hash}) => {
      await work().api("POST", `/api/runs/${hash}/ranges`).catch((error) => work().say(error.message));
    },
    "clear-marks": clear,
  };
  if (work()) for (const [name, act] of Object.entries(actions)) work().on(name, act);

  return {clear, get chosen() { return chosen; }, get near() { return near; }};
})();
