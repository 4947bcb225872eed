// What is taken along: a text to the clipboard, a picture of the present view.
"use strict";

(() => {
  const work = window.twinWork;

  function told(text, failed) {
    const place = document.getElementById("dialog-problem");
    if (failed && place && document.getElementById("dialog").open) place.textContent = text;
    else work.say(text);
  }

  async function copy(text) {
    if (navigator.clipboard && window.isSecureContext) {
      await navigator.clipboard.writeText(text);
      return;
    }
    const field = document.createElement("textarea"); // an address without TLS has no clipboard
    field.value = text;
    field.setAttribute("readonly", "");
    (document.querySelector("dialog[open]") || document.body).append(field);
    field.select();
    const copied = document.execCommand("copy");
    field.remove();
    if (!copied) throw new Error("no clipboard");
  }

  work.on("copy-text", async ({text, done, failed}, event, at) => {
    const whole = text.startsWith("/") ? window.location.origin + text : text;
    try {
      await copy(whole);
      told(done, false);
      if (at) at.textContent = done;
    } catch {
      told(`${failed} ${whole}`, true); // to be copied by hand
    }
  });

  function save(blob, name) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    document.body.append(link);
    link.click();
    link.remove();
    window.setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }

  work.on("picture", async ({name, failed}, event, at) => {
    if (at) at.disabled = true;
    try {
      save(await window.twinMap.picture({scale: 2}), name);
    } catch {
      told(failed, true);
    } finally {
      if (at) at.disabled = false;
    }
  });
})();
