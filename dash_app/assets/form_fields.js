// The fields of the form of a measure: they show the draft and write into it.
"use strict";

window.twinFormParts.fields = (f, changed) => {
  const {all, one, get, set, numberOf, written, empty, make, removeButton} = f;

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
      const number = numberOf(text, f.root.dataset.lang);
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
    const lang = f.root.dataset.lang;
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
    const wanted = f.drafts.kept[`option:${group.dataset.group}`];
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
        if (!empty(get(path))) f.drafts.kept[path] = get(path);
        set(path, undefined);
      }
    }
    for (const [path, value] of Object.entries(listOf(button, "fixed"))) set(path, value);
    const first = listOf(button, "first");
    for (const path of mine) {
      if (!empty(get(path))) continue;
      const field = one(`[data-field="${path}"]`);
      const start = f.drafts.kept[path] ?? first[path] ?? (field?.dataset.first ? JSON.parse(field.dataset.first) : undefined);
      if (start !== undefined) set(path, start);
    }
    f.drafts.kept[`option:${group.dataset.group}`] = button.dataset.option;
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
    else if (control) control.value = written(values[0], f.root.dataset.lang);
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
      if (kind === "number") value = numberOf(value, f.root.dataset.lang) ?? value;
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
    const measure = structuredClone(f.drafts.measure);
    const where = measure.select?.where;
    if (Array.isArray(where)) {
      const full = where.filter(({value}) => value !== "" && !(Array.isArray(value) && !value.length));
      if (full.length) measure.select.where = full;
      else delete measure.select.where;
      if (!Object.keys(measure.select).length) delete measure.select;
    }
    return measure;
  }

  return {read, fill, fillSlider, choose, addYear, renameYear, addCondition, readConditions, shape, asked};
};
