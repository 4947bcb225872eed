// The form of a measure (dash_app/components/measure_form): fields into the JSON of the measure and
// back, its preview, its live effect, tools of the map, saving. The draft lives here; what the form
// does not ask for stays in it. Every text comes from the server or from data-* of the form.
"use strict";

window.twinForm = (() => {
  const work = window.twinWork;
  const PREVIEW_MS = 250;
  const drafts = {key: "", measure: null, first: "", kept: {}, live: false, answer: null};
  let root = null;        // the form on screen
  let tool = null;        // {kind, path, table} taken from the form
  let chain = [];         // clicks of a street chain: {end, ids that it brought}
  let waiting = 0;
  let asking = null;
  let closed = null;      // a form that is done with, still on the page

  const all = (selector, from = root) => (from ? [...from.querySelectorAll(selector)] : []);
  const one = (selector, from = root) => from?.querySelector(selector) || null;

  // A draft outlives a reload and a form that goes for a moment, in this tab.
  const KEPT = "twin-draft";
  const place = () => `${work.sides[work.active()]?.id || ""}:${drafts.key}`;

  function keep() {
    try {
      if (dirty()) window.sessionStorage.setItem(KEPT, JSON.stringify({place: place(), first: drafts.first, measure: drafts.measure}));
      else window.sessionStorage.removeItem(KEPT);
    } catch { /* a full or closed store costs only the reload */ }
  }

  function drop() {
    try { window.sessionStorage.removeItem(KEPT); } catch { /* then nothing is kept */ }
  }

  function kept() {
    try {
      const found = JSON.parse(window.sessionStorage.getItem(KEPT) || "null");
      return found && found.place === place() && found.first === drafts.first ? found.measure : null;
    } catch { return null; }
  }

  // ---- paths in the measure -----------------------------------------------------------------
  const steps = (path) => path.split(".");

  function get(path, from = drafts.measure) {
    return steps(path).reduce((here, step) => (here === null || here === undefined ? undefined : here[step]), from);
  }

  // Set a value; undefined takes it away, and with it objects that become empty.
  function set(path, value) {
    const names = steps(path);
    const last = names.pop();
    const trail = [drafts.measure];
    for (const name of names) {
      let here = trail[trail.length - 1];
      if (here[name] === null || typeof here[name] !== "object") {
        if (value === undefined) return;
        here[name] = {};
      }
      trail.push(here[name]);
    }
    const here = trail[trail.length - 1];
    if (value === undefined) delete here[last];
    else here[last] = value;
    for (let n = names.length; value === undefined && n > 0; n -= 1) {
      if (Object.keys(trail[n]).length || Array.isArray(trail[n])) break;
      delete trail[n - 1][names[n - 1]];
    }
  }

  // ---- numbers as people write them -----------------------------------------------------------
  // "1.234,5", "1,5", "1 200" and "1.5" are numbers; what is none is kept as it was written.
  function numberOf(text, lang) {
    let plain = text.trim().replace(/[\s\u00a0\u202f'’]/g, "").replace(/^[−–]/, "-");
    const [point, comma] = [plain.lastIndexOf("."), plain.lastIndexOf(",")];
    if (comma >= 0 && point >= 0) {
      plain = comma > point ? plain.replaceAll(".", "").replace(",", ".") : plain.replaceAll(",", "");
    } else if (comma >= 0) {
      const grouped = lang === "en" && /^-?\d{1,3}(,\d{3})+$/.test(plain);
      plain = grouped ? plain.replaceAll(",", "") : plain.replace(",", ".");
    } else if (lang === "de" && /^-?\d{1,3}(\.\d{3})+$/.test(plain)) plain = plain.replaceAll(".", "");
    return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain) && Number.isFinite(Number(plain)) ? Number(plain) : null;
  }

  function written(value, lang) {
    if (typeof value !== "number") return String(value ?? "");
    const text = String(Math.round(value * 1e9) / 1e9);
    return lang === "de" ? text.replace(".", ",") : text;
  }

  // ---- fields ---------------------------------------------------------------------------------
  function read(field) {
    const {field: path, type, scale} = field.dataset;
    const text = field.value;
    if (type === "flag") return store(path, field.checked, field);
    if (type === "many") {
      const boxes = all(`[data-field="${path}"][data-word]`);
      const next = boxes.filter((box) => box.checked).map((box) => box.dataset.word);
      return set(path, next.length || field.dataset.default ? next : undefined);
    }
    if (type === "maybe") return set(path, text === "" ? undefined : text === "true");
    if (type === "number" || type === "integer") {
      if (!text.trim()) return set(path, undefined);
      const number = numberOf(text, root.dataset.lang);
      return set(path, number === null ? text : scale ? Math.round((number / Number(scale)) * 1e12) / 1e12 : number);
    }
    const {alias} = field.dataset; // how people call the middle of the town
    if (alias && text.trim().toLowerCase() === alias.toLowerCase()) return set(path, "centre");
    return set(path, text.trim() === "" && field.dataset.default === undefined ? undefined : text);
  }

  function defaultOf(field) {
    return field.dataset.default === undefined ? undefined : JSON.parse(field.dataset.default);
  }

  function store(path, value, field) {
    const usual = defaultOf(field);
    set(path, usual !== undefined && value === usual && get(path) === undefined ? undefined : value);
  }

  // Show the draft in every field but the one being typed in.
  function fill() {
    const lang = root.dataset.lang;
    for (const box of all("[data-years]")) fillYears(box);
    fillConditions();
    for (const field of all("[data-field]")) {
      if (field === document.activeElement && /^(text|search)$/.test(field.type)) continue;
      const {field: path, type, scale, word} = field.dataset;
      const value = get(path) ?? defaultOf(field);
      if (type === "flag") field.checked = Boolean(value);
      else if (type === "many") field.checked = Array.isArray(value) && value.includes(word);
      else if (type === "maybe") field.value = value === undefined || value === null ? "" : String(value);
      else if (field.dataset.alias && value === "centre") field.value = field.dataset.alias;
      else if (scale && typeof value === "number") field.value = written(value * Number(scale), lang);
      else field.value = type === "number" || type === "integer" ? written(value, lang) : value ?? "";
    }
    for (const slider of all("[data-slider]")) fillSlider(slider);
    for (const group of all("[data-group]")) fillGroup(group);
    for (const field of all("[data-names]")) field.setAttribute("list", `mf-names-${field.dataset.names}`);
  }

  function fillSlider(slider) {
    const field = one(`[data-field="${slider.dataset.slider}"]`);
    const value = get(slider.dataset.slider) ?? (field ? defaultOf(field) : undefined);
    if (typeof value === "number") slider.value = String(value);
    const [low, high] = [Number(slider.min), Number(slider.max)];
    const part = Math.max(0, Math.min(1, (Number(slider.value) - low) / (high - low || 1)));
    slider.style.setProperty("--part", `${(part * 100).toFixed(1)}%`);
    slider.classList.toggle("mf-unset", typeof value !== "number");
  }

  // ---- groups: options that exclude one another -------------------------------------------------
  const optionsOf = (group) => all("[data-work=form-option]", group)
    .filter((button) => button.closest("[data-group]") === group);
  const listOf = (button, name) => JSON.parse(button.dataset[name] || "null");

  const empty = (value) => value === undefined || value === null
    || (Array.isArray(value) && !value.length)
    || (typeof value === "object" && !Array.isArray(value) && !Object.keys(value).length);

  // How well an option fits the draft: all it sets must hold, more of its fields is better.
  function fits(button) {
    const fixed = Object.entries(listOf(button, "fixed"));
    if (fixed.some(([path, value]) => get(path) !== value)) return -1;
    const paths = listOf(button, "paths");
    const there = paths.filter((path) => !empty(get(path))).length;
    return there + fixed.length * 2 - (paths.length - there) * 0.01;
  }

  function fillGroup(group) {
    const buttons = optionsOf(group);
    const ranked = buttons.map((button) => [fits(button), button]);
    const best = Math.max(...ranked.map(([score]) => score));
    const wanted = drafts.kept[`option:${group.dataset.group}`];
    let chosen = buttons.find((button) => button.dataset.option === wanted);
    if (!chosen) {
      const none = buttons.find((button) => !listOf(button, "paths").length);
      chosen = best < 0.5 && none ? none : ranked.find(([score]) => score === best)[1];
    }
    for (const button of buttons) button.setAttribute("aria-pressed", String(button === chosen));
    for (const panel of all("[data-panel]", group)) {
      if (panel.closest("[data-group]") === group) panel.hidden = !listOf(chosen, "paths").includes(panel.dataset.panel);
    }
  }

  function choose(button) {
    const group = button.closest("[data-group]");
    const mine = listOf(button, "paths");
    for (const other of optionsOf(group)) {
      for (const path of [...listOf(other, "paths"), ...Object.keys(listOf(other, "fixed"))]) {
        if (mine.includes(path)) continue;
        if (!empty(get(path))) drafts.kept[path] = get(path);
        set(path, undefined);
      }
    }
    for (const [path, value] of Object.entries(listOf(button, "fixed"))) set(path, value);
    const first = listOf(button, "first");
    for (const path of mine) {
      if (!empty(get(path))) continue;
      const field = one(`[data-field="${path}"]`);
      const start = drafts.kept[path] ?? first[path] ?? (field?.dataset.first ? JSON.parse(field.dataset.first) : undefined);
      if (start !== undefined) set(path, start);
    }
    drafts.kept[`option:${group.dataset.group}`] = button.dataset.option;
    fill();
    changed();
  }

  // ---- values by year -----------------------------------------------------------------------
  function fillYears(box) {
    const values = get(box.dataset.years);
    const years = values && typeof values === "object" ? Object.keys(values).sort() : [];
    if (box.dataset.shown === years.join() && box.children.length) return;
    box.dataset.shown = years.join();
    box.replaceChildren(...years.map((year) => yearRow(box, year)));
  }

  function yearRow(box, year) {
    const {years: path, yearLabel, valueLabel, removeLabel, unit} = box.dataset;
    const row = make("div", "mf-year");
    const when = make("input", "mf-number", {type: "text", inputmode: "numeric", value: year, "aria-label": yearLabel, "data-year-of": path, "data-year": year});
    const value = make("input", "mf-number", {type: "text", inputmode: "decimal", "aria-label": `${valueLabel} ${year}`, "data-field": `${path}.${year}`, "data-type": "number"});
    const name = make("span", "mf-unit");
    name.textContent = unit;
    const pair = make("div", "mf-box");
    pair.append(value, name);
    row.append(when, pair, removeButton("form-year-remove", `${removeLabel} ${year}`, {"data-path": path, "data-year": year}));
    return row;
  }

  function make(tag, name, given = {}) {
    const made = document.createElement(tag);
    made.className = name;
    for (const [key, value] of Object.entries(given)) {
      if (key === "value") made.value = value;
      else made.setAttribute(key, value);
    }
    return made;
  }

  function removeButton(action, label, given = {}) {
    const button = make("button", "mf-remove", {type: "button", "data-work": action, "aria-label": label, title: label, ...given});
    button.append(make("span", "icon icon-close", {"aria-hidden": "true"}));
    return button;
  }

  function renameYear(input) {
    const {yearOf: path, year} = input.dataset;
    const next = input.value.trim();
    const values = {...get(path)};
    if (next === year || next === "" || next in values || next.includes(".")) { input.value = year; return; }
    values[next] = values[year];
    delete values[year];
    set(path, values);
    fill();
    changed();
  }

  function addYear(path) {
    const values = {...(get(path) || {})};
    const years = Object.keys(values).map(Number).filter(Number.isFinite).sort((a, b) => a - b);
    let next = years.length ? years[years.length - 1] + 5 : 2030;
    while (String(next) in values) next += 1;
    values[String(next)] = years.length ? values[String(years[years.length - 1])] : 0;
    set(path, values);
    fill();
    one(`[data-field="${path}.${next}"]`)?.focus();
    changed();
  }

  // ---- conditions -----------------------------------------------------------------------------
  function fillConditions() {
    const box = one("[data-conditions]");
    if (!box) return;
    const wanted = get(box.dataset.conditions);
    const rows = Array.isArray(wanted) ? wanted : [];
    if (box.dataset.shown === JSON.stringify(rows)) return;
    box.dataset.shown = JSON.stringify(rows);
    box.replaceChildren(...rows.map(conditionRow));
  }

  const part = (row, name) => all(`[data-part="${name}"]`, row);

  function conditionRow(condition, place) {
    const row = one("[data-prototype=condition]").firstElementChild.cloneNode(true);
    row.dataset.place = String(place);
    const [column] = part(row, "column");
    if (condition.column) column.value = condition.column;
    shape(row);
    const [op] = part(row, "op");
    if (condition.op) op.value = condition.op;
    const values = Array.isArray(condition.value) ? condition.value : [condition.value];
    const control = valueOf(row);
    if (control?.dataset.for === "category") for (const box of all("[data-value]", control)) box.checked = values.includes(box.dataset.value);
    else if (control?.tagName === "SELECT") control.value = Number(values[0]) ? "1" : "0";
    else if (control) control.value = written(values[0], root.dataset.lang);
    return row;
  }

  // Show of the comparisons and value fields only those that the column can have.
  function shape(row) {
    const [column] = part(row, "column");
    const kind = column.selectedOptions[0]?.dataset.kind || "text";
    const [op] = part(row, "op");
    for (const option of op.options) {
      const good = option.dataset.for.split(" ").includes(kind);
      option.hidden = option.disabled = !good;
    }
    if (op.selectedOptions[0]?.disabled) op.value = [...op.options].find((option) => !option.disabled)?.value;
    for (const control of part(row, "value")) {
      const good = control.dataset.for.split(" ").includes(kind);
      control.hidden = !good || Boolean(control.dataset.column && control.dataset.column !== column.value);
    }
  }

  const valueOf = (row) => part(row, "value").find((control) => !control.hidden) || null;

  function readConditions() {
    const box = one("[data-conditions]");
    const rows = [...box.children].map((row) => {
      const [column] = part(row, "column");
      const [op] = part(row, "op");
      const kind = column.selectedOptions[0]?.dataset.kind;
      const control = valueOf(row);
      let value = kind === "category"
        ? all("[data-value]", control).filter((box) => box.checked).map((box) => box.dataset.value) : control?.value ?? "";
      if (kind === "number") value = numberOf(value, root.dataset.lang) ?? value;
      if (kind === "flag") value = Number(value);
      return {column: column.value, op: op.value, value};
    });
    box.dataset.shown = JSON.stringify(rows);
    set(box.dataset.conditions, rows.length ? rows : undefined);
  }

  function addCondition() {
    const box = one("[data-conditions]");
    const row = conditionRow({}, box.children.length);
    box.append(row);
    part(row, "column")[0].focus();
    readConditions(); // counts once it has a value
  }

  // A condition without value is not asked for yet, but stays on screen.
  function asked() {
    const measure = structuredClone(drafts.measure);
    const where = measure.select?.where;
    if (Array.isArray(where)) {
      const full = where.filter(({value}) => value !== "" && !(Array.isArray(value) && !value.length));
      if (full.length) measure.select.where = full;
      else delete measure.select.where;
      if (!Object.keys(measure.select).length) delete measure.select;
    }
    return measure;
  }

  // ---- what the draft would do ------------------------------------------------------------------
  // `live`: a slider is moving, so the effect on the town is asked for, too.
  function changed({live = true} = {}) {
    window.clearTimeout(waiting);
    drafts.live = drafts.live || live;
    root?.classList.add("mf-working");
    waiting = window.setTimeout(ask, PREVIEW_MS);
  }

  async function ask() {
    asking?.abort();
    const control = (asking = new AbortController());
    const key = drafts.key;
    const measure = asked();
    keep();
    try {
      const side = work.sides[work.active()];
      const answer = await work.api("POST", "/api/preview", {
        scenario: side?.id || null, version: side?.version || null, measure, year: work.state.year || work.told.year || null,
      }, {signal: control.signal});
      if (asking !== control || drafts.key !== key) return;
      heard(answer);
      if (drafts.live) work.preview(answer.valid && dirty() ? measure : null);
      drafts.live = false;
    } catch (error) {
      if (error.name === "AbortError" || asking !== control) return;
      root?.classList.remove("mf-working");
      hints([{level: "warning", text: error.said?.detail || root?.dataset.wordFailed || "", hint: ""}]);
    }
  }

  function heard(answer) {
    drafts.answer = answer;
    show();
    work.mark(answer.ids?.length ? [{table: answer.table, ids: answer.ids, style: "chosen"}] : []);
  }

  function show() {
    const {answer} = drafts;
    if (!root || !answer) return;
    root.classList.remove("mf-working");
    root.dataset.valid = answer.valid ? "yes" : "no";
    for (const {name, label, value, unit, note} of answer.figures || []) {
      const box = one(`[data-figure="${name}"]`);
      if (!box) continue;
      one("[data-label]", box).textContent = label;
      const number = one("[data-value]", box);
      const small = make("span", "mf-figure-unit");
      small.textContent = unit ? `\u202f${unit}` : "";
      number.replaceChildren(document.createTextNode(value), small);
      one("[data-note]", box).textContent = note;
      box.hidden = value === "–" && !note && drafts.answer.valid;
    }
    problems(answer.problems || []);
    chosen(answer.chosen || []);
  }

  // Each problem stands at its field; what has none, and every warning, stands in the box below.
  function problems(found) {
    const rest = [];
    const slots = new Map(all("[data-problem]").map((slot) => [slot.dataset.problem, []]));
    for (const problem of found) {
      const at = steps(problem.field || "");
      while (at.length && !visible(slots, at.join("."))) at.pop();
      if (at.length && problem.level === "error") slots.get(at.join(".")).push(problem);
      else rest.push(problem);
    }
    for (const slot of all("[data-problem]")) {
      const mine = slots.get(slot.dataset.problem);
      slot.textContent = mine.map(({text, hint}) => [text, hint].filter(Boolean).join(" ")).join(" ");
      for (const field of all(`[data-field="${slot.dataset.problem}"]`)) {
        if (mine.length) field.setAttribute("aria-invalid", "true");
        else field.removeAttribute("aria-invalid");
      }
    }
    hints(rest);
  }

  function visible(slots, path) {
    if (!slots.has(path)) return false;
    const slot = one(`[data-problem="${path}"]`);
    return !slot.closest("[hidden]");
  }

  function hints(list) {
    const box = one("[data-hints]");
    if (!box) return;
    box.replaceChildren(...list.filter(({text}) => text).map(({level, text, hint}) => {
      const line = make("div", `mf-hint mf-hint-${level}`);
      const words = make("p", "");
      words.textContent = [text, hint].filter(Boolean).join(" ");
      line.append(make("span", "icon icon-warning", {"aria-hidden": "true"}), words);
      return line;
    }));
  }

  function chosen(entries) {
    const list = one("[data-chosen]");
    if (!list) return;
    one("[data-chosen-box]").hidden = entries.length === 0;
    list.replaceChildren(...entries.map(({path, values, label, detail}) => {
      const row = make("li", "mf-entry");
      const name = make("span", "mf-entry-name");
      name.textContent = label;
      const fact = make("span", "mf-entry-fact");
      fact.textContent = detail;
      row.append(name, fact);
      if (path) {
        const text = root.dataset.wordRemove.replace("{what}", label);
        const button = removeButton("form-remove", text, {"data-path": path});
        button.dataset.values = JSON.stringify(values);
        row.append(button);
      }
      return row;
    }));
  }

  // ---- lists ------------------------------------------------------------------------------------
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

  function add(path, values) {
    const before = get(path);
    const list = Array.isArray(before) ? before : [];
    set(path, [...list, ...values.filter((value) => !list.some((other) => same(other, value)))]);
  }

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
    if (!tool || !root || kind !== tool.kind) return;
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

  // ---- opening and closing ----------------------------------------------------------------------
  const plain = (measure) => JSON.stringify(measure, Object.keys(flat(measure)).sort());
  const flat = (value, into = {}) => {
    if (value && typeof value === "object") for (const [key, inner] of Object.entries(value)) { into[key] = 1; flat(inner, into); }
    return into;
  };

  const dirty = () => Boolean(drafts.measure) && plain(asked()) !== drafts.first;

  // The form is drawn by the server; when it comes anew for the same measure the draft stays.
  function look() {
    const found = document.getElementById("measure-form");
    if (!found) {
      closed = null;
      if (root) { root = null; forget(); }
      return;
    }
    if (found === closed || (found === root && found.dataset.form === drafts.key)) return;
    root = found;
    if (found.dataset.form !== drafts.key) begin(JSON.parse(found.dataset.start));
    fill();
    show();
  }

  // A new draft; of another kind it takes over what both kinds have.
  function begin(start) {
    const before = drafts.carry;
    letGo();
    drafts.key = root.dataset.form;
    drafts.measure = structuredClone(start);
    drafts.first = plain(start);
    drafts.kept = {};
    drafts.answer = null;
    drafts.carry = null;
    if (!before) drafts.measure = kept() || drafts.measure;
    else {
      for (const name of ["select", "area", "around", "districts", "note", "start_year", "end_year", "pace_percent", "lines", "classes", "points"]) {
        const asks = one(`[data-field^="${name}"],[data-path^="${name}"],[data-add^="${name}"]`);
        if (asks && before[name] !== undefined && empty(start[name]) === (name !== "start_year")) drafts.measure[name] = before[name];
      }
      if (same(before.table, tableOf()) === false) delete drafts.measure.select;
    }
    changed({live: false});
    document.getElementById("mf-title")?.focus({preventScroll: true});
  }

  const tableOf = () => one("[data-work=form-tool][data-table]")?.dataset.table || "";

  function forget() {
    window.clearTimeout(waiting);
    asking?.abort();
    asking = null;
    letGo();
    const had = drafts.measure;
    Object.assign(drafts, {key: "", measure: null, first: "", kept: {}, answer: null, live: false});
    if (had) { work.mark([]); work.preview(null); }
  }

  function close({ask: mayAsk = true} = {}) {
    if (mayAsk && dirty() && !window.confirm(root?.dataset.wordLeave || "")) return false;
    leave();
    return true;
  }

  // The draft is done with: saved or thrown away.
  function leave() {
    drop();
    forget();
    closed = root; // until the server has taken it from the page
    if (root) root.hidden = true;
    root = null;
    work.panel(null);
  }

  function open(args = {}) {
    if (dirty() && !window.confirm(root?.dataset.wordLeave || "")) return false;
    drop();
    forget();
    work.panel("form", args);
    return true;
  }

  async function apply() {
    window.clearTimeout(waiting);
    await ask();
    if (!drafts.answer) return;
    if (!drafts.answer.valid) return toFirstProblem();
    const measure = asked();
    const known = root.dataset.known === "yes";
    const saved = await work.edit({do: known ? "replace_measure" : "add_measure", measure});
    if (saved) leave();
  }

  function toFirstProblem() {
    const slot = all("[data-problem]").find((box) => box.textContent && !box.closest("[hidden]"));
    slot?.closest("details")?.setAttribute("open", "");
    const field = slot && one(`[data-field="${slot.dataset.problem}"],[data-add="${slot.dataset.problem}"]`);
    (field || slot || one("[data-hints]"))?.scrollIntoView({block: "center"});
    field?.focus();
  }

  // ---- what is pressed and typed --------------------------------------------------------------
  if (work) {
    const on = work.on;
    on("form-open", ({kind, id}) => open({kind, id}));
    on("form-close", () => close());
    on("form-discard", () => close());
    on("form-apply", () => apply());
    on("form-kind", ({kind, id}) => {
      if (kind === drafts.measure?.kind) return;
      drafts.carry = {...asked(), table: tableOf()};
      work.panel("form", {kind, id});
    });
    on("form-option", (_, event, at) => choose(at));
    on("form-tool", (_, event, at) => take(at));
    on("form-help", (_, event, at) => {
      const text = document.getElementById(at.getAttribute("aria-controls"));
      text.hidden = !text.hidden;
      at.setAttribute("aria-expanded", String(!text.hidden));
    });
    on("form-remove", ({path, values}) => remove(path, JSON.parse(values)));
    on("form-condition", addCondition);
    on("form-condition-remove", (_, event, at) => { at.closest(".mf-condition").remove(); readConditions(); changed(); });
    on("form-year", ({path}) => addYear(path));
    on("form-year-remove", ({path, year}) => {
      const values = {...get(path)};
      delete values[year];
      set(path, values);
      fill();
      changed();
    });
  }

  const mine = (target) => root && root.contains(target);

  document.addEventListener("input", ({target}) => {
    if (!mine(target) || !drafts.measure) return;
    if (target.dataset.slider) {
      set(target.dataset.slider, Number(target.value));
      fill();
    } else if (target.dataset.field && target.tagName !== "SELECT") {
      read(target);
      for (const slider of all(`[data-slider="${target.dataset.field}"]`)) fillSlider(slider);
    } else if (target.closest(".mf-condition") && target.type === "text") readConditions();
    else return;
    changed();
  });

  document.addEventListener("change", ({target}) => {
    if (!mine(target) || !drafts.measure) return;
    if (target.dataset.yearOf) return renameYear(target);
    if (target.dataset.add) return typedName(target);
    if (target.closest(".mf-condition")) {
      if (target.dataset.part === "column") shape(target.closest(".mf-condition"));
      readConditions();
    } else if (target.dataset.field && target.tagName === "SELECT") read(target);
    else return undefined;
    return changed();
  });

  document.addEventListener("keydown", (event) => {
    if (!mine(event.target)) return;
    if (event.key === "Enter" && event.target.dataset.add && event.target.tagName === "INPUT") {
      event.preventDefault();
      typedName(event.target);
    } else if (event.key === "Escape" && tool) letGo();
  });

  // Before something else takes the place of a draft, people are asked.
  const LEAVES = "[data-work=panel],[data-work=choose],[data-work=open-scenario],[data-work=undo],[data-work=redo],[data-work=go-to]";
  document.addEventListener("click", (event) => {
    const at = event.target.closest?.(LEAVES);
    if (!at || mine(at) || !dirty()) return;
    if (window.confirm(root?.dataset.wordLeave || "")) drop();
    else event.stopPropagation();
  }, true);

  window.addEventListener("map-tool", ({detail}) => detail && drawn(detail));
  work?.watch?.((name, detail) => {
    if (name === "tool" && !detail && tool) { tool = null; for (const button of all("[data-work=form-tool]")) button.setAttribute("aria-pressed", "false"); }
  });
  new MutationObserver(look).observe(document.documentElement, {childList: true, subtree: true, attributes: true, attributeFilter: ["data-form"]});
  look();

  return {open, close, dirty, get draft() { return drafts.measure && asked(); }, numberOf};
})();
