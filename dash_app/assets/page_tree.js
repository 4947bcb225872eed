// Scenarios: made, copied, read from files, put away; measures: reordered by hand; conflicts.
"use strict";

(() => {
  const work = window.twinWork;
  const $ = (id) => document.getElementById(id);
  const close = () => $("dialog").close();

  function problem(error) {
    const place = $("dialog-problem");
    const text = error.said?.faults?.length
      ? [error.said.detail, ...error.said.faults.map((fault) => fault.text)].join(" ") : error.message;
    if (place && $("dialog").open) place.textContent = text;
    else work.say(text);
  }

  // A change that is not an edit: what the server refuses is said in the dialog.
  async function change(method, path, body) {
    try {
      return await work.api(method, path, body) || {};
    } catch (error) {
      problem(error);
      return null;
    }
  }

  function open(id) {
    close();
    work.patch({a: id, shown: "a", view: "scenario"});
    work.renew();
  }

  work.on("open-scenario", ({id, side}) => work.patch(side ? {shown: side} : {a: id, shown: "a"}));

  work.on("new-scenario", async () => {
    const name = $("new-name").value.trim();
    const [from, key] = $("new-from").value.split(/:(.*)/s);
    const body = {name, ...(from === "template" ? {template: key} : from === "copy" ? {duplicate_of: key} : {})};
    const made = await change("POST", "/api/scenarios", body);
    if (made) open(made.id);
  });

  let read = null; // the file at hand, should it be of another city
  async function take(rebase) {
    const made = await change("POST", "/api/scenarios", {content: read, rebase});
    if (made?.id) return open(made.id);
    $("import-rebase").hidden = false;
    return undefined;
  }
  work.on("import-file", async (_, event) => {
    const [file] = event.target.files;
    if (!file) return;
    try {
      read = JSON.parse(await file.text());
    } catch (error) {
      problem(error);
      return;
    }
    take(false);
  });
  work.on("import-rebase", () => take(true));

  work.on("scenario-save", async ({id, stages}) => {
    const name = $("scenario-name").value.trim();
    const note = $("scenario-note").value;
    const years = $("scenario-stages").value.split(/[^0-9]+/).filter(Boolean).map(Number);
    const before = {name: $("scenario-name").defaultValue, note: $("scenario-note").defaultValue};
    close();
    if (name && name !== before.name) await work.edit({do: "rename", name}, {scenario: id});
    if (note !== before.note) await work.edit({do: "set_note", note}, {scenario: id});
    if (years.join() !== stages) await work.edit({do: "set_stages", stages: years}, {scenario: id});
  });
  work.on("duplicate", async ({id, name}) => {
    const made = await change("POST", "/api/scenarios", {name, duplicate_of: id});
    if (made) open(made.id);
  });
  work.on("publish", async ({id, public: open_}) => {
    if (await change("PATCH", `/api/scenarios/${id}`, {public: Boolean(open_)})) { close(); work.renew("left"); }
  });
  work.on("archive", async ({id}) => {
    if (!await change("DELETE", `/api/scenarios/${id}`)) return;
    close();
    for (const side of ["a", "b"]) if ((work.state[side] || "").startsWith(id)) work.patch({[side]: null, shown: "base"});
    work.renew();
  });
  work.on("restore", async ({id}) => {
    if (await change("PATCH", `/api/scenarios/${id}`, {archived: false})) open(id);
  });
  work.on("keep", async ({id, number}) => {
    const name = $("keep-name").value.trim();
    if (await change("POST", `/api/scenarios/${id}/keep`, {expected_version: Number(number), name})) {
      close();
      work.renew("left", "saved");
    }
  });
  work.on("drop-side", ({side}) => { close(); work.patch({[side]: null, shown: "base"}); });

  // ---- a conflict: both are there, a person chooses ----------------------------------------
  let conflict = null;
  work.watch((name, detail) => { if (name === "refused" && detail.said?.theirs) conflict = detail; });
  const catchUp = () => { // what somebody else saved is what the next edit starts from
    for (const side of Object.values(work.sides)) {
      if (side.id === conflict.id) side.version = conflict.said.theirs.number;
    }
  };
  work.on("conflict-theirs", () => { close(); catchUp(); work.renew(); });
  work.on("conflict-mine", async () => {
    close();
    catchUp();
    const {id, path, body} = conflict;
    if (path === "edits") await work.edit(body.edit, {scenario: id});
    work.renew();
  });
  work.on("conflict-new", async () => {
    const {content, name} = conflict.said.mine;
    const made = await change("POST", "/api/scenarios", {name: `${name} 2`, content});
    if (made) open(made.id);
  });

  // ---- new measure ---------------------------------------------------------------------------
  work.on("new-measure", ({kind}) => { close(); work.panel("form", {kind}); });
  document.addEventListener("input", ({target}) => {
    if (target.dataset.filter !== "kind") return;
    const text = target.value.trim().toLowerCase();
    let any = false;
    for (const group of document.querySelectorAll(".kinds-group")) {
      let some = false;
      for (const item of group.querySelectorAll("li")) {
        const hit = item.textContent.toLowerCase().includes(text);
        item.hidden = !hit;
        some = some || hit;
      }
      group.hidden = !some;
      any = any || some;
    }
    $("kind-none").hidden = any;
  });

  // ---- assumptions, targets, ranges ------------------------------------------------------------
  work.on("assume", ({scenario, name, chosen}) => {
    const value = Number(String(chosen).trim().replace(/\s/g, "").replace(",", "."));
    if (Number.isFinite(value) && String(chosen).trim()) work.edit({do: "set_assumption", name, value}, {scenario});
  });
  work.on("want-spread", async ({hash}) => { await change("POST", `/api/runs/${hash}/ranges`); work.renew("right"); });

  // ---- reorder by drag; the buttons beside do the same by keyboard -------------------------------
  let dragged = null;
  document.addEventListener("dragstart", (event) => {
    dragged = event.target.closest?.("[data-measure][draggable=true]");
    if (dragged) event.dataTransfer.effectAllowed = "move";
  });
  document.addEventListener("dragover", (event) => {
    const over = dragged && event.target.closest?.("[data-measure]");
    if (!over || over.parentNode !== dragged.parentNode) return;
    event.preventDefault();
    for (const item of over.parentNode.children) item.classList.toggle("is-target", item === over && item !== dragged);
  });
  document.addEventListener("drop", (event) => {
    const over = dragged && event.target.closest?.("[data-measure]");
    if (!over || over === dragged) return;
    event.preventDefault();
    work.edit({do: "move_measure", id: dragged.dataset.measure, place: Number(over.dataset.place)},
      {scenario: dragged.dataset.scenario});
  });
  document.addEventListener("dragend", () => {
    dragged = null;
    document.querySelectorAll(".is-target").forEach((item) => item.classList.remove("is-target"));
  });
})();
