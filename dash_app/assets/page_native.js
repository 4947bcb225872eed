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

  return {Input, Svg, Store: () => null};
})();
