// Components that Dash's HTML lacks (dash_app/components/native.py).
"use strict";

window.dash_app = (() => {
  const ALLOWED = new Set(["id", "className", "type", "name", "min", "max", "step", "disabled",
    "placeholder", "autoComplete", "spellCheck", "role", "title", "maxLength", "inputMode"]);

  function Input(props) {
    const given = {defaultValue: props.value, defaultChecked: props.checked};
    for (const [name, value] of Object.entries(props)) {
      if (ALLOWED.has(name) || name.startsWith("data-") || name.startsWith("aria-")) {
        given[name] = value;
      }
    }
    return React.createElement("input", given);
  }

  // a tree of plain values; only drawing tags, so that no text can become a script
  const TAGS = new Set(["svg", "g", "path", "rect", "circle", "line", "polyline", "polygon", "text",
    "tspan", "title", "desc", "defs", "pattern", "clipPath"]);

  function drawn(node, key) {
    if (typeof node === "string" || node === null) return node;
    if (!TAGS.has(node.tag)) return null;
    return React.createElement(node.tag, {key, ...node.is}, ...(node.in || []).map(drawn));
  }

  function Svg({id, className, drawing, role, ...rest}) {
    const named = Object.fromEntries(Object.entries(rest).filter(([name]) => /^(data|aria)-/.test(name)));
    const root = {...drawing, is: {...drawing.is, id, className, role, ...named}};
    return drawn(root, "svg");
  }

  // A tree of components as Dash would send it, drawn without Dash: tags and plain attributes only.
  const HTML = new Set(["div", "span", "p", "h1", "h2", "h3", "h4", "h5", "ul", "ol", "li", "dl", "dt", "dd", "a",
    "button", "label", "select", "option", "optgroup", "textarea", "form", "fieldset", "legend", "datalist",
    "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "colgroup", "col", "section", "article", "aside",
    "header", "footer", "nav", "main", "figure", "figcaption", "details", "summary", "strong", "em", "b", "i", "small",
    "sub", "sup", "code", "kbd", "hr", "br", "output", "progress", "meter", "img", "time", "abbr", "mark", "dialog"]);
  const UNSAFE = /^(on|dangerously|style$|n_clicks|children$|key$|ref$|srcDoc)/;
  const OWN = {Input, Svg};

  // React leaves alone what a field once started with; what Python says anew counts.
  function keepUp(given) {
    return (field) => {
      if (!field) return;
      if (field.type === "checkbox" || field.type === "radio") field.checked = Boolean(given.checked);
      else if (given.value !== undefined && field.dataset.given !== String(given.value)) {
        if (field.dataset.given !== undefined && document.activeElement !== field) field.value = given.value;
        field.dataset.given = String(given.value);
      }
    };
  }

  function plain(node, key) {
    if (node === null || node === undefined || typeof node === "boolean") return null;
    if (typeof node !== "object") return String(node);
    if (Array.isArray(node)) return node.map(plain);
    const {type, namespace, props} = node;
    const given = {key: props.id || props["data-measure"] || props["data-indicator"] || key};
    if (namespace === "dash_app") {
      return type === "Input" ? React.createElement(Field, {...props, ...given}) : OWN[type] ? React.createElement(OWN[type], {...props, ...given}) : null;
    }
    const tag = type.toLowerCase();
    if (!HTML.has(tag)) return null;
    for (const [name, value] of Object.entries(props)) {
      if (UNSAFE.test(name) || value === null || (name === "href" && /^\s*(javascript|data):/i.test(value))) continue;
      given[name] = value;
    }
    const inside = props.children;
    if (tag === "textarea") return React.createElement(tag, {...given, defaultValue: [inside].flat().join("")});
    if (tag === "br" || tag === "hr" || tag === "img" || tag === "col") return React.createElement(tag, given);
    return React.createElement(tag, given, ...[inside].flat().map(plain));
  }

  function Field(props) {
    const made = Input(props);
    return React.cloneElement(made, {ref: keepUp(props)});
  }

  function Static({id, className, content}) {
    const drawn = [content].flat().map(plain);
    return id || className ? React.createElement("div", {id, className}, ...drawn) : React.createElement(React.Fragment, null, ...drawn);
  }

  return {Input, Static, Svg, Store: () => null};
})();
