// What people do with the page: every control changes the view state, nothing else.
// Controls are marked in the HTML (data-do, data-view, data-layer ...), so that they may come and
// go with the language.
"use strict";

(() => {
  const page = window.twinPage;
  const $ = (id) => document.getElementById(id);
  const all = (selector) => document.querySelectorAll(selector);
  const setProps = (id, props) => window.dash_clientside.set_props(id, props);
  let place = null;        // where the picked thing stands
  let flyWhenPlaced = false;
  let lastFocus = null;

  // ---- the camera: quick clicks add up, because each starts from where the last one leads -----
  function look(changes) {
    page.patch({camera: {...page.state.camera, ...changes}}, {move: true});
  }

  function flyTo(where, table) {
    const zoom = {districts: 14, lines: 13.5, zones: 14.6, blocks: 16, landuse: 15.5, water: 15}[table] || 17;
    const whole = table === "districts" || table === "lines"; // all of it shall be in sight
    look({...where, zoom: whole ? zoom : Math.max(page.state.camera.zoom, zoom)});
  }

  function pick(table, id, {fly = false} = {}) {
    const same = page.state.pick && page.state.pick.table === table && page.state.pick.id === id;
    flyWhenPlaced = fly && !same;
    if (fly && same && place) flyTo(place, table);
    page.patch({pick: {table, id}});
  }

  function unpick() {
    page.patch({pick: null});
    if (lastFocus && lastFocus.isConnected) lastFocus.focus();
  }

  async function copyLink() {
    const button = $("share-button");
    const address = `${location.origin}${location.pathname}?${page.query(page.state)}`;
    try {
      await navigator.clipboard.writeText(address);
      note(button.dataset.done);
    } catch {
      window.history.replaceState(null, "", address);
      note(button.dataset.failed);
    }
  }

  let clearing = 0;
  function note(text) {
    setProps("note", {children: text});
    clearNoteLater();
  }

  function clearNoteLater() {
    window.clearTimeout(clearing);
    clearing = window.setTimeout(() => setProps("note", {children: ""}), 8000);
  }

  page.say = note;
  page.copyLink = copyLink;

  const THEMES = ["system", "light", "dark"];
  const ACTIONS = {
    "north": () => look({bearing: 0}),
    "zoom-in": () => look({zoom: Math.min(page.state.camera.zoom + 0.7, 20)}),
    "zoom-out": () => look({zoom: Math.max(page.state.camera.zoom - 0.7, 9)}),
    "tilt": () => look({pitch: page.state.camera.pitch < 5 ? 50 : 0}),
    "home": () => look(page.home),
    "unpick": unpick,
    "copy-link": copyLink,
    "fly-to-pick": () => {
      page.patch({view: "map"});
      if (place) flyTo(place, page.state.pick.table);
    },
    "theme": () => page.patch({theme: THEMES[(THEMES.indexOf(page.state.theme) + 1) % 3]}),
    "sun": () => page.patch({sun: page.state.sun ? null : sunOfControls()}),
    "left": () => document.documentElement.classList.toggle("left-open"),
  };

  // ---- sun -------------------------------------------------------------------------------
  function sunOfControls() {
    const day = document.querySelector("[data-sun=day]");
    const minutes = document.querySelector("[data-sun=minutes]");
    const date = new Date(2025, 0, Number(day.value));
    return {month: date.getMonth() + 1, day: date.getDate(), minutes: Number(minutes.value)};
  }

  // ---- clicks and changes ----------------------------------------------------------------
  document.addEventListener("click", (event) => {
    if (!page.state) return;
    const at = event.target.closest("[data-do],button[data-view],button[data-lang],[data-pick],"
      + "[data-district],[data-sort],[data-to],[data-hit],[data-smooth]");
    if (!at) {
      if (!event.target.closest(".found,.search-field")) closeFound();
      const row = event.target.closest("[data-row]");
      if (row) pick(...split(row.dataset.row));
      return;
    }
    const {dataset} = at;
    if (dataset.do) ACTIONS[dataset.do]();
    else if (dataset.view) page.patch({view: dataset.view});
    else if (dataset.lang) page.patch({lang: dataset.lang});
    else if (dataset.hit) choose(at);
    else if (dataset.pick) {
      lastFocus = at;
      pick(...split(dataset.pick), {fly: true});
    } else if (dataset.district) {
      const {district} = page.state;
      page.patch({district: district === dataset.district ? null : dataset.district});
    } else if (dataset.smooth) page.patch({smooth: dataset.smooth === "yes"});
    else if (dataset.sort) {
      const {sort, down} = page.tableAsked;
      page.askTable({sort: dataset.sort, down: sort === dataset.sort && !down});
    } else if (dataset.to) page.askTable({page: Number(dataset.to)});
  });

  const split = (text) => {
    const at = text.indexOf(":");
    return [text.slice(0, at), text.slice(at + 1)];
  };

  document.addEventListener("pointerdown", ({target}) => { // signing in leads back to this view
    const door = target.closest("[data-login]");
    if (door) door.href = `/login?next=${encodeURIComponent(location.pathname + location.search)}`;
  });

  document.addEventListener("change", (event) => {
    if (!page.state) return;
    const {id, dataset, value, checked} = event.target;
    if (dataset.layer) {
      const slider = document.querySelector(`[data-opacity="${dataset.layer}"]`);
      setLayer(dataset.layer, checked ? Number(slider.value) / 100 : 0);
    } else if (id === "colour-column") page.patch({colour: value || null});
    else if (id === "table-name") page.askTable({table: value});
    else if (id === "table-column") page.askTable({column: value, text: "", low: null, high: null});
    else if (id === "table-choice" || id === "table-text") page.askTable({text: value});
    else if (id === "table-low") page.askTable({low: value});
    else if (id === "table-high") page.askTable({high: value});
  });

  document.addEventListener("input", (event) => {
    if (!page.state) return;
    const {id, dataset, value} = event.target;
    if (dataset.opacity) setLayer(dataset.opacity, Number(value) / 100);
    else if (dataset.sun) page.patch({sun: sunOfControls()});
    else if (id === "search-input") search(value);
  });

  function setLayer(name, opacity) {
    page.patch({layers: {...page.state.layers, [name]: opacity}});
  }

  // ---- search: combobox with a listbox ---------------------------------------------------
  let typing = 0;
  function search(text) {
    window.clearTimeout(typing);
    typing = window.setTimeout(() => {
      setProps("query", {data: {text, lang: page.state.lang}});
      if (!text.trim()) closeFound();
    }, 120);
  }

  const options = () => [...all("#found [role=option]")];

  function openFound() {
    const box = $("found-box");
    const field = document.querySelector(".search-field");
    if (!field || !$("search-input").value.trim()) return closeFound();
    const {left, bottom, width} = field.getBoundingClientRect();
    box.style.left = `${left}px`;
    box.style.top = `${bottom + 6}px`;
    box.style.width = `${Math.max(width, Math.min(360, window.innerWidth - left - 12))}px`;
    box.hidden = false;
    $("search-input").setAttribute("aria-expanded", String(options().length > 0));
    mark(options()[0]);
    return undefined;
  }

  function closeFound() {
    $("found-box").hidden = true;
    const input = $("search-input");
    if (input) {
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    }
  }

  function mark(option) {
    for (const other of options()) other.setAttribute("aria-selected", String(other === option));
    if (!option) return;
    option.scrollIntoView({block: "nearest"});
    $("search-input").setAttribute("aria-activedescendant", option.id);
  }

  function choose(option) {
    const input = $("search-input");
    input.value = option.dataset.label;
    lastFocus = input;
    closeFound();
    if (page.state.view === "data") page.patch({view: "map"});
    pick(...split(option.dataset.hit), {fly: true});
  }

  function searchKeys(event) {
    const list = options();
    const now = list.findIndex((option) => option.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" && list.length) mark(list[(now + 1) % list.length]);
    else if (event.key === "ArrowUp" && list.length) {
      mark(list[(now - 1 + list.length) % list.length]);
    } else if (event.key === "Enter" && now >= 0 && !$("found-box").hidden) choose(list[now]);
    else if (event.key === "Escape") {
      if ($("found-box").hidden) event.target.value = "";
      closeFound();
    } else return;
    event.preventDefault();
  }

  document.addEventListener("focusin", (event) => {
    if (event.target.id === "search-input" && event.target.value && options().length) openFound();
    else if (!event.target.closest(".found,.search-field") && !$("found-box").hidden) closeFound();
  });

  // ---- keys ------------------------------------------------------------------------------
  document.addEventListener("keydown", (event) => {
    if (!page.state) return;
    const typingIn = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.target.id === "search-input") searchKeys(event);
    else if (event.key === "/" && !typingIn) {
      $("search-input").focus();
      event.preventDefault();
    }
    if (event.key === "Escape" && !typingIn && page.state.pick) unpick();
  }, true);

  // ---- what the state looks like on the controls -----------------------------------------
  const pressed = (node, on) => node.setAttribute("aria-pressed", String(Boolean(on)));

  const days = {}; // made when first needed: each costs the start of the page 30 ms
  function dayText({month, day}) {
    const {lang} = page.state;
    days[lang] = days[lang] || new Intl.DateTimeFormat(lang === "de" ? "de" : "en-GB",
      {day: "numeric", month: "long", timeZone: "UTC"});
    return days[lang].format(Date.UTC(2025, month - 1, day));
  }

  function timeText(minutes) {
    const two = (number) => String(number).padStart(2, "0");
    const clock = `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
    return page.state.lang === "de" ? `${clock} Uhr` : clock;
  }

  function reflectSun(sun) {
    const bar = $("sun-bar");
    bar.classList.toggle("is-off", !sun);
    for (const input of bar.querySelectorAll("input")) input.disabled = !sun;
    const toggle = bar.querySelector("[data-do=sun]");
    if (toggle) pressed(toggle, sun);
    if (!sun || !$("sun-day-text")) return;
    $("sun-day-text").textContent = dayText(sun);
    $("sun-time-text").textContent = timeText(sun.minutes);
    bar.querySelector("[data-sun=minutes]").setAttribute("aria-valuetext", timeText(sun.minutes));
    bar.querySelector("[data-sun=day]").setAttribute("aria-valuetext", dayText(sun));
  }

  function fill(range) {
    const {min, max, value} = range;
    range.style.setProperty("--part", `${((value - min) / (max - min)) * 100}%`);
  }

  function reflect(state) {
    if (!$("sun-bar")) return; // the map starts before the page has its controls
    all("button[data-view]").forEach((node) => pressed(node, node.dataset.view === state.view));
    all("button[data-lang]").forEach((node) => pressed(node, node.dataset.lang === state.lang));
    all("[data-district]").forEach((n) => pressed(n, n.dataset.district === state.district));
    all("[data-smooth]").forEach((n) => pressed(n, (n.dataset.smooth === "yes") === state.smooth));
    all("[data-layer]").forEach((node) => {
      const opacity = state.layers[node.dataset.layer];
      node.checked = opacity > 0 && !node.disabled;
      const slider = document.querySelector(`[data-opacity="${node.dataset.layer}"]`);
      if (opacity > 0) slider.value = Math.round(opacity * 100);
      slider.disabled = opacity === 0 || node.disabled;
    });
    all("[data-row]").forEach((node) => {
      const on = state.pick && node.dataset.row === `${state.pick.table}:${state.pick.id}`;
      node.classList.toggle("is-picked", Boolean(on));
    });
    all("[data-do=tilt]").forEach((node) => pressed(node, state.camera.pitch >= 5));
    all("[data-do=north] .icon").forEach((node) => {
      node.style.transform = `rotate(${-state.camera.bearing}deg)`;
    });
    const button = $("theme-button");
    if (button) {
      button.title = button.dataset[state.theme];
      button.setAttribute("aria-label", button.title);
      button.dataset.now = state.theme;
    }
    const column = $("colour-column");
    if (column && column.value !== (state.colour || "")) column.value = state.colour || "";
    all("select[data-value]").forEach((node) => { node.value = node.dataset.value; });
    reflectSun(state.sun);
    page.drawSun(state);
    all("input[type=range]").forEach(fill);
    const shown = {map: "map", table: "table", data: "quality"}[state.view];
    for (const id of ["table", "quality"]) $(id).hidden = id !== shown;
  }

  page.watch(reflect);
  window.addEventListener("resize", () => page.state && reflect(page.state));
  // controls that arrive later (legend, table, other language) are set as the state says
  let waiting = false;
  const arrivals = new MutationObserver((changes) => {
    const map = $("map"); // its labels come and go all the time
    if (waiting || !changes.some((c) => c.addedNodes.length && !map.contains(c.target))) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      reflect(page.state);
      arrivals.takeRecords(); // what `reflect` writes itself is no arrival
    });
  });
  arrivals.observe(document.body, {childList: true, subtree: true});

  // ---- hover tip -------------------------------------------------------------------------
  const tips = new Map(); // what the server said, by address
  let over = null;

  // What is coloured by results says its value at once, without asking.
  function valueLine({value, withheld}) {
    const said = page.valueWords;
    if (!said || (value === undefined || value === null) && !withheld) return "";
    if (withheld) return `${said.label}: ${said.away}`;
    const text = typeof value === "number"
      ? new Intl.NumberFormat(page.state.lang, {maximumSignificantDigits: 3}).format(value) : String(value);
    return `${said.label}: ${text}\u202f${said.unit}`.trim();
  }

  async function tipText({table, id}) {
    const {lang, colour} = page.state;
    const column = colour ? `&column=${colour}` : "";
    const address = `/tip/${table}/${encodeURIComponent(id)}?lang=${lang}${column}`;
    if (!tips.has(address)) {
      if (tips.size > 500) tips.clear();
      tips.set(address, fetch(address).then((answer) => (answer.ok ? answer.json() : null)));
    }
    return tips.get(address);
  }

  async function hovered(hover) {
    over = hover;
    const tip = $("map-tip");
    const text = hover && hover.id && page.state ? hover.tip || await tipText(hover).catch(() => null) : null;
    if (over !== hover) return;
    tip.hidden = !text;
    if (!text) return;
    tip.replaceChildren(...[["strong", text.title], ["span", valueLine(hover) || text.line]]
      .filter(([, words]) => words).map(([tag, words]) => {
        const part = document.createElement(tag);
        part.textContent = words;
        return part;
      }));
    const {width, height} = tip.getBoundingClientRect();
    const box = $("map").getBoundingClientRect();
    const x = Math.max(6, Math.min(hover.x - width / 2, box.width - width - 6));
    const y = hover.y - height - 14;
    tip.style.transform = `translate(${x}px, ${y < 6 ? hover.y + 18 : y}px)`;
  }

  // Without WebGL a picture drawn by the server stands in the map's place.
  function still() {
    const map = $("map");
    const {width, height} = map.getBoundingClientRect();
    const picture = document.createElement("img");
    picture.alt = page.words.map;
    picture.className = "map-still";
    picture.src = `/api/export/static.png?width=${Math.round(width)}&height=${Math.round(height)}&lang=${page.state.lang}`;
    map.replaceChildren(picture);
  }

  // Loading is said only when it takes long; a fault says what still works, details in brackets.
  let slow = 0;
  let told = null; // what the map said last, perhaps before the page had a place for it
  function mapState(status) {
    const {state, text} = told = status;
    window.clearTimeout(slow);
    const show = (words) => {
      const node = $("map-state");
      if (!node) return;
      node.textContent = words;
      node.dataset.state = state;
    };
    if (state === "none") still();
    if (state === "lost" || state === "none") show(page.words[state]);
    else if (state === "loading") slow = window.setTimeout(() => show(page.words.loading), 1500);
    else show(state === "error" ? `${page.words.error} (${text})` : "");
  }

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.page = {
    address: () => window.location.search || "?",
    opened: (answer) => {
      if (!answer) return;
      $("map-slot").append($("map")); // from now on the map has its place in the page
      page.open(answer);
      window.twinWork.start();
      if (told && told.state !== "ready" && told.state !== "loading") mapState(told);
      clearNoteLater(); // the server may have said that the link held unknown values
    },
    painted: (answer) => page.paint(answer),
    placed: (where) => {
      place = where;
      page.place = where;
      window.dispatchEvent(new Event("placed"));
      if (where && flyWhenPlaced && page.state.pick) flyTo(where, page.state.pick.table);
      flyWhenPlaced = false;
    },
    found: () => openFound(),
    dialogOpen: (content) => {
      const box = $("dialog");
      if (content && !box.open) box.showModal();
    },
    worked: (answer) => window.twinWork.heard(answer),
  };

  // ---- a server that does not answer -----------------------------------------------------
  const plainFetch = window.fetch;
  window.fetch = async (...asked) => {
    try {
      const answer = await plainFetch(...asked);
      if (answer.status >= 500) note(page.words.server);
      return answer;
    } catch (error) {
      if (error.name !== "AbortError") note(page.words.server);
      throw error;
    }
  };

  // ---- what the map says -----------------------------------------------------------------
  const said = (name, hear) => window.addEventListener(name, ({detail}) => hear(detail));
  said("map-pick", (picked) => page.patch({
    pick: picked && {table: picked.table, id: picked.id},
  }));
  said("map-hover", hovered);
  said("map-camera", (camera) => { if (camera) page.patch({camera}); });
  said("map-status", mapState);

  page.open(JSON.parse($("twin-start").textContent), {early: true});
})();
