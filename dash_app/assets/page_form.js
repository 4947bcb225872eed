// The form of a measure (dash_app/components/measure_form): fields into the JSON of the measure and
// back, its preview, its live effect, tools of the map, saving. The draft lives here; what the form
// does not ask for stays in it. Every text comes from the server or from data-* of the form.
"use strict";

window.twinForm = (() => {
  const work = window.twinWork;
  const PREVIEW_MS = 250;
  let waiting = 0;
  let asking = null;
  let closed = null;      // a form that is done with, still on the page

  const f = window.twinFormParts.draft();
  const {drafts, all, one, steps, set, get, empty, same, plain, make, removeButton, numberOf} = f;
  const fields = window.twinFormParts.fields(f, changed);
  const {fill, asked} = fields;
  const tools = window.twinFormParts.tools(f, work, fields, changed);
  const {letGo} = tools;

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

  // ---- what the draft would do ------------------------------------------------------------------
  // `live`: a slider is moving, so the effect on the town is asked for, too.
  function changed({live = true} = {}) {
    window.clearTimeout(waiting);
    drafts.live = drafts.live || live;
    f.root?.classList.add("mf-working");
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
      f.root?.classList.remove("mf-working");
      hints([{level: "warning", text: error.said?.detail || f.root?.dataset.wordFailed || "", hint: ""}]);
    }
  }

  function heard(answer) {
    drafts.answer = answer;
    show();
    work.mark(answer.ids?.length ? [{table: answer.table, ids: answer.ids, style: "chosen"}] : []);
  }

  function show() {
    const {answer} = drafts;
    if (!f.root || !answer) return;
    f.root.classList.remove("mf-working");
    f.root.dataset.valid = answer.valid ? "yes" : "no";
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
        const text = f.root.dataset.wordRemove.replace("{what}", label);
        const button = removeButton("form-remove", text, {"data-path": path});
        button.dataset.values = JSON.stringify(values);
        row.append(button);
      }
      return row;
    }));
  }

  // ---- opening and closing ----------------------------------------------------------------------
  const dirty = () => Boolean(drafts.measure) && plain(asked()) !== drafts.first;

  // The form is drawn by the server; when it comes anew for the same measure the draft stays.
  function look() {
    const found = document.getElementById("measure-form");
    if (!found) {
      closed = null;
      if (f.root) { f.root = null; forget(); }
      return;
    }
    if (found === closed || (found === f.root && found.dataset.form === drafts.key)) return;
    f.root = found;
    if (found.dataset.form !== drafts.key) begin(JSON.parse(found.dataset.start));
    fill();
    show();
  }

  // A new draft; of another kind it takes over what both kinds have.
  function begin(start) {
    const before = drafts.carry;
    letGo();
    drafts.key = f.root.dataset.form;
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
    if (mayAsk && dirty() && !window.confirm(f.root?.dataset.wordLeave || "")) return false;
    leave();
    return true;
  }

  // The draft is done with: saved or thrown away.
  function leave() {
    drop();
    forget();
    closed = f.root; // until the server has taken it from the page
    if (f.root) f.root.hidden = true;
    f.root = null;
    work.panel(null);
  }

  function open(args = {}) {
    if (dirty() && !window.confirm(f.root?.dataset.wordLeave || "")) return false;
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
    const known = f.root.dataset.known === "yes";
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
    on("form-option", (_, event, at) => fields.choose(at));
    on("form-tool", (_, event, at) => tools.take(at));
    on("form-help", (_, event, at) => {
      const text = document.getElementById(at.getAttribute("aria-controls"));
      text.hidden = !text.hidden;
      at.setAttribute("aria-expanded", String(!text.hidden));
    });
    on("form-remove", ({path, values}) => tools.remove(path, JSON.parse(values)));
    on("form-condition", fields.addCondition);
    on("form-condition-remove", (_, event, at) => { at.closest(".mf-condition").remove(); fields.readConditions(); changed(); });
    on("form-year", ({path}) => fields.addYear(path));
    on("form-year-remove", ({path, year}) => {
      const values = {...get(path)};
      delete values[year];
      set(path, values);
      fill();
      changed();
    });
  }

  const mine = (target) => f.root && f.root.contains(target);

  document.addEventListener("input", ({target}) => {
    if (!mine(target) || !drafts.measure) return;
    if (target.dataset.slider) {
      set(target.dataset.slider, Number(target.value));
      fill();
    } else if (target.dataset.field && target.tagName !== "SELECT") {
      fields.read(target);
      for (const slider of all(`[data-slider="${target.dataset.field}"]`)) fields.fillSlider(slider);
    } else if (target.closest(".mf-condition") && target.type === "text") fields.readConditions();
    else return;
    changed();
  });

  document.addEventListener("change", ({target}) => {
    if (!mine(target) || !drafts.measure) return;
    if (target.dataset.yearOf) return fields.renameYear(target);
    if (target.dataset.add) return tools.typedName(target);
    if (target.closest(".mf-condition")) {
      if (target.dataset.part === "column") fields.shape(target.closest(".mf-condition"));
      fields.readConditions();
    } else if (target.dataset.field && target.tagName === "SELECT") fields.read(target);
    else return undefined;
    return changed();
  });

  document.addEventListener("keydown", (event) => {
    if (!mine(event.target)) return;
    if (event.key === "Enter" && event.target.dataset.add && event.target.tagName === "INPUT") {
      event.preventDefault();
      tools.typedName(event.target);
    } else if (event.key === "Escape" && tools.held) letGo();
  });

  // Before something else takes the place of a draft, people are asked.
  const LEAVES = "[data-work=panel],[data-work=choose],[data-work=open-scenario],[data-work=undo],[data-work=redo],[data-work=go-to]";
  document.addEventListener("click", (event) => {
    const at = event.target.closest?.(LEAVES);
    if (!at || mine(at) || !dirty()) return;
    if (window.confirm(f.root?.dataset.wordLeave || "")) drop();
    else event.stopPropagation();
  }, true);

  window.addEventListener("map-tool", ({detail}) => detail && tools.drawn(detail));
  work?.watch?.((name, detail) => {
    if (name === "tool" && !detail) tools.lost();
  });
  new MutationObserver(look).observe(document.documentElement, {childList: true, subtree: true, attributes: true, attributeFilter: ["data-form"]});
  look();

  return {open, close, dirty, get draft() { return drafts.measure && asked(); }, numberOf};
})();
