// What the form of a measure works on: the draft, its paths, numbers as people write them.
"use strict";

window.twinFormParts = {};

window.twinFormParts.draft = () => {
  const f = {root: null, drafts: {key: "", measure: null, first: "", kept: {}, live: false, answer: null}};
  const all = (selector, from = f.root) => (from ? [...from.querySelectorAll(selector)] : []);
  const one = (selector, from = f.root) => from?.querySelector(selector) || null;

  // ---- paths in the measure -----------------------------------------------------------------
  const steps = (path) => path.split(".");

  function get(path, from = f.drafts.measure) {
    return steps(path).reduce((here, step) => (here === null || here === undefined ? undefined : here[step]), from);
  }

  // Set a value; undefined takes it away, and with it objects that become empty.
  function set(path, value) {
    const names = steps(path);
    const last = names.pop();
    const trail = [f.drafts.measure];
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

  // ---- small things -----------------------------------------------------------------------------
  const empty = (value) => value === undefined || value === null
    || (Array.isArray(value) && !value.length)
    || (typeof value === "object" && !Array.isArray(value) && !Object.keys(value).length);

  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

  const plain = (measure) => JSON.stringify(measure, Object.keys(flat(measure)).sort());
  const flat = (value, into = {}) => {
    if (value && typeof value === "object") for (const [key, inner] of Object.entries(value)) { into[key] = 1; flat(inner, into); }
    return into;
  };

  function add(path, values) {
    const before = get(path);
    const list = Array.isArray(before) ? before : [];
    set(path, [...list, ...values.filter((value) => !list.some((other) => same(other, value)))]);
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

  return Object.assign(f, {all, one, steps, get, set, add, numberOf, written, empty, same, plain, make, removeButton});
};
