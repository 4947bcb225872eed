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

  const keyOf = (id) => Object.keys(work.sides).find((key) => work.sides[key].id === id);

  // Show a scenario beside the one at hand: on the free side, else in the place of what is shown.
  function open(id, {fits = true} = {}) {
    close();
    const free = !work.state.a ? "a" : !work.state.b ? "b" : work.active();
    const named = ["a", "b"].find((key) => (work.state[key] || "").split("@")[0] === id);
    const side = named || free;
    work.patch({[side]: id, shown: side, view: "scenario"});
    work.renew();
    if (!fits) work.dialog("imported", {id});
  }

  // An edit of a scenario that may not be on screen.
  async function edit(id, version, change_) {
    if (keyOf(id)) return work.edit(change_, {scenario: id});
    return change("POST", `/api/scenarios/${id}/edits`, {expected_version: Number(version), edit: change_});
  }

  work.on("open-scenario", ({id, side}) => {
    const now = side || work.active();
    work.patch(side ? {shown: side} : {[now]: id, shown: now});
  });

  work.on("new-from", (_, event, at) => {
    const {name} = at.selectedOptions[0].dataset;
    if (!at.dataset.typed) $("new-name").value = name || "";
    for (const note of document.querySelectorAll("[data-about]")) note.hidden = note.dataset.about !== at.value;
  });
  document.addEventListener("input", ({target}) => { if (target.id === "new-name") $("new-from").dataset.typed = "yes"; });

  work.on("new-scenario", async () => {
    const name = $("new-name").value.trim();
    const [from, key] = $("new-from").value.split(/:(.*)/s);
    const older = from === "earlier";
    const body = {name, ...(from === "template" ? {template: key} : from ? {duplicate_of: key, rebase: older} : {})};
    const made = await change("POST", "/api/scenarios", body);
    if (made) open(made.id, {fits: !older});
  });
  work.on("take-over", async ({id}) => {
    const made = await change("POST", "/api/scenarios", {duplicate_of: id, rebase: true});
    if (!made) return;
    for (const side of ["a", "b"]) if ((work.state[side] || "").startsWith(id)) work.patch({[side]: null});
    open(made.id, {fits: false});
  });

  const LARGEST = 20e6;
  let read = null; // the file at hand, should it be of another city
  async function take(rebase) {
    $("dialog-problem").textContent = "";
    try {
      const made = await work.api("POST", "/api/scenarios", {content: read, rebase});
      open(made.id, {fits: false});
    } catch (error) {
      problem(error);
      $("import-rebase").hidden = !String(error.said?.type).endsWith("other-city");
    }
  }
  work.on("import-file", async (_, event) => {
    const {files: [file], dataset} = event.target;
    if (!file) return;
    $("import-rebase").hidden = true;
    if (file.size > LARGEST) { problem(new Error(dataset.large)); return; }
    try {
      read = JSON.parse((await file.text()).replace(/^\ufeff/, ""));
    } catch {
      read = null;
    }
    if (read === null || typeof read !== "object" || Array.isArray(read)) problem(new Error(dataset.wrong));
    else await take(false);
  });
  work.on("import-rebase", () => take(true));
  work.on("switch-off", async ({id, version, measures}) => {
    close();
    let at = Number(version);
    for (const measure of measures.split(",")) {
      const made = await edit(id, at, {do: "set_enabled", id: measure, enabled: false});
      if (!made) return;
      at = made.version;
    }
    work.renew();
  });

  work.on("scenario-save", async ({id, version, stages}) => {
    const name = $("scenario-name").value.trim();
    const note = $("scenario-note").value;
    const years = $("scenario-stages").value.split(/[^0-9]+/).filter(Boolean).map(Number);
    const changes = [];
    if (name !== $("scenario-name").defaultValue) changes.push({do: "rename", name});
    if (note !== $("scenario-note").defaultValue) changes.push({do: "set_note", note});
    if (years.join() !== stages) changes.push({do: "set_stages", stages: years});
    let at = Number(version);
    for (const one of changes) {
      const made = await edit(id, at, one);
      if (!made) return; // what is wrong has been said; the rest stays typed
      at = made.version;
    }
    close();
    work.renew();
  });
  work.on("duplicate", async ({id, name}) => {
    const made = await change("POST", "/api/scenarios", {name, duplicate_of: id});
    if (made) open(made.id);
  });
  work.on("go-to", async ({number, id, version}) => {
    const key = id ? keyOf(id) : work.active();
    if ($("dialog").open) close();
    if (key) await work.move("go_to", {number: Number(number)}, key);
    else await change("POST", `/api/scenarios/${id}/go_to`, {number: Number(number), expected_version: Number(version)});
    work.renew("left");
  });
  work.on("publish", async ({id, public: open_}) => {
    if (await change("PATCH", `/api/scenarios/${id}`, {public: Boolean(open_)})) { close(); work.renew("left"); }
  });
  work.on("archive", async ({id, said}) => {
    if (!await change("DELETE", `/api/scenarios/${id}`)) return;
    close();
    work.say(said);
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
  work.on("conflict-new", async ({name}) => {
    const made = await change("POST", "/api/scenarios", {name, content: conflict.said.mine.content});
    if (!made) return;
    catchUp();
    open(made.id);
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

  // ---- reorder by drag; Alt and arrows, and the buttons beside, do the same by keyboard ----------
  function reorder(item, place) {
    const {measure, scenario} = item.dataset;
    work.edit({do: "move_measure", id: measure, place}, {scenario});
  }

  document.addEventListener("keydown", (event) => {
    const item = event.altKey && !event.ctrlKey && !event.metaKey ? event.target.closest?.("[data-measure][draggable=true]") : null;
    const step = {ArrowUp: -1, ArrowDown: 1}[event.key];
    if (!item || !step) return;
    event.preventDefault();
    const place = Number(item.dataset.place) + step;
    if (place >= 0 && place < item.parentNode.children.length) reorder(item, place);
  });

  let dragged = null;
  let after = false; // whether the pointer is in the lower half of the row below it
  const unmark = () => document.querySelectorAll(".is-before,.is-after,.is-moved").forEach((item) => item.classList.remove("is-before", "is-after", "is-moved"));
  document.addEventListener("dragstart", (event) => {
    dragged = event.target.closest?.("[data-measure][draggable=true]");
    if (!dragged) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset.measure);
    dragged.classList.add("is-moved");
  });
  document.addEventListener("dragover", (event) => {
    const over = dragged && event.target.closest?.("[data-measure]");
    if (!over || over.parentNode !== dragged.parentNode) return;
    event.preventDefault();
    const {top, height} = over.getBoundingClientRect();
    after = event.clientY > top + height / 2;
    unmark();
    dragged.classList.add("is-moved");
    if (over !== dragged) over.classList.add(after ? "is-after" : "is-before");
  });
  document.addEventListener("drop", (event) => {
    const over = dragged && event.target.closest?.("[data-measure]");
    if (!over || over.parentNode !== dragged.parentNode) return;
    event.preventDefault();
    const from = Number(dragged.dataset.place);
    const gap = Number(over.dataset.place) + (after ? 1 : 0); // between two rows, counted from 0
    const place = gap > from ? gap - 1 : gap;
    if (place !== from) reorder(dragged, place);
  });
  document.addEventListener("dragend", () => { dragged = null; unmark(); });

  // ---- focus: regions are drawn anew, and whoever works by keyboard stays where they were ---------
  const FOCUSABLE = "button,input,select,textarea,a[href],summary,[tabindex]";
  const within = (root) => [...root.querySelectorAll(FOCUSABLE)];
  const meant = ({tagName, dataset}) => JSON.stringify([tagName, {...dataset, edit: "", version: "", place: ""}]);
  let last = null; // what has the focus, and how to find it again

  document.addEventListener("focusin", ({target}) => {
    const region = target.closest?.(".main > *, .strip-frame");
    if (!region?.id) { last = null; return; }
    const item = target.closest("[data-measure]");
    const root = item || region;
    last = {target, region: region.id, item: item && [item.dataset.measure, item.dataset.scenario],
      same: meant(target), place: within(root).indexOf(target)};
  });
  document.addEventListener("focusout", ({target}) => {
    if (target.isConnected && last?.target === target) window.setTimeout(() => { if (target.isConnected && last?.target === target && document.activeElement !== target) last = null; });
  });

  function again() {
    if (!last || last.target.isConnected || document.activeElement !== document.body) return;
    const region = $(last.region);
    const root = !last.item ? region : [...(region?.querySelectorAll("[data-measure]") || [])]
      .find(({dataset}) => dataset.measure === last.item[0] && dataset.scenario === last.item[1]);
    if (!root) return;
    const all = within(root);
    const found = last.item ? all[last.place] : all.find((one) => meant(one) === last.same);
    const next = found?.disabled ? all.find((one) => one.tagName === "BUTTON" && !one.disabled) : found;
    next?.focus({preventScroll: true});
  }
  new MutationObserver(again).observe(document.documentElement, {subtree: true, childList: true});
})();
