// Two components that Dash's HTML lacks (dash_app/components/native.py).
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

  return {Input, Store: () => null};
})();
