// Panels of the mode "sensors": filters, tabs, history, comparisons, the matrix fitted to counts.
// Words and drawings come from Python (dash_app/pages/sensors.py); values in place: page_sensors.js.
"use strict";

(() => {
  const page = window.twinPage;
  const work = window.twinWork;
  const TYPED_MS = 250, DRAWN_MS = 4000, POLL_MS = 700, RETRY_MS = 5000;
  const START = {tab: "traffic", side: "list", text: "", group: "", only: "", sort: "group", down: false, page: 1, span: "day", back: 0};
  const OF = {tab: ["bottom"], sort: ["bottom"], page: ["bottom"], span: ["right"], back: ["right"]}; // what else is drawn: left
  let asked = {...START};
  const here = () => page.state?.view === "sensors";
  const all = (selector) => [...document.querySelectorAll(selector)];

  function ask(changes, regions) {
    asked = {...asked, ...changes};
    work.besides("sensors", asked);
    work.renew(...regions);
  }
  work.besides("sensors", asked);

  // ---- filters, tabs, order, history --------------------------------------------------------
  let typing = 0;
  work.on("sense", ({sense, to, down, chosen}) => {
    const value = chosen ?? to;
    if (sense === "page" || sense === "back") return ask({[sense]: Number(value)}, OF[sense]);
    if (sense === "sort") return ask({sort: value, down: down === "true", page: 1}, OF.sort);
    if (sense === "span") return ask({span: value, back: 0}, OF.span);
    return ask({[sense]: value, page: 1}, OF[sense] || ["left", ...(asked.tab === "table" ? ["bottom"] : [])]);
  });
  document.addEventListener("input", ({target}) => {
    if (target.dataset?.sense !== "text") return;
    window.clearTimeout(typing);
    typing = window.setTimeout(() => {
      if (target.value !== asked.text) ask({text: target.value, page: 1}, ["left", ...(asked.tab === "table" ? ["bottom"] : [])]);
    }, TYPED_MS);
  });
  work.on("sense-fly", ({lon, lat}) => {
    const {camera} = page.state;
    page.patch({camera: {...camera, lon: Number(lon), lat: Number(lat), zoom: Math.max(camera.zoom, 16)}}, {move: true});
  });

  // ---- new values, another moment ------------------------------------------------------------
  let drawing = 0, drawnAt = -DRAWN_MS;
  const wanted = new Set();
  function soon(regions) {
    if (!here()) return;
    regions.forEach((region) => wanted.add(region));
    window.clearTimeout(drawing);
    drawing = window.setTimeout(() => {
      drawnAt = performance.now();
      if (here() && !document.hidden) work.renew(...wanted);
      wanted.clear();
    }, Math.max(drawnAt + DRAWN_MS - performance.now(), 0));
  }
  const picked = () => page.state?.pick?.table === "sensors" ? Number(page.state.pick.id) : null;
  document.addEventListener("twin:observations", ({detail}) => {
    const mine = picked();
    const seen = !detail.numbers.length || detail.numbers.includes(mine);
    soon(["left", ...(mine && seen ? ["right"] : []), ...(asked.tab === "table" ? ["bottom"] : [])]);
  });
  let moment;
  page.watch((now) => {
    const was = moment;
    moment = now.moment || null;
    if (was === undefined || was === moment) return; // what the page starts with is drawn anyway
    soon(["left", "right", ...(asked.tab === "table" ? ["bottom"] : [])]);
  });

  // ---- comparisons are made by the server while others work ---------------------------------
  const fetching = new Set();
  async function compare(node) {
    const url = node.dataset.fitUrl;
    if (fetching.has(url)) return;
    fetching.add(url);
    try {
      await work.api("GET", url);
      fetching.delete(url);
      work.renew("bottom", "map", "right");
    } catch (error) {
      if (node.isConnected) node.textContent = error.message;
      window.setTimeout(() => fetching.delete(url), RETRY_MS);
    }
  }

  // ---- the matrix -----------------------------------------------------------------------------
  let polling = 0;
  async function adjust(method, address) {
    try {
      follow(await work.api(method, `${address}/adjusted`), address);
    } catch (error) {
      work.say(error.message);
    }
  }
  function follow(answer, address) {
    window.clearTimeout(polling);
    polling = 0;
    const card = all("[data-adjust]").find((node) => node.dataset.adjust === address);
    if (card && card.dataset.state !== answer.state) work.renew("bottom");
    const bar = card?.querySelector("[data-fill=share]");
    if (bar) bar.value = answer.share;
    if (answer.state === "running") polling = window.setTimeout(() => adjust("GET", address), POLL_MS);
  }
  const addressOf = (node) => node.closest("[data-adjust]").dataset.adjust;
  work.on("fit-adjust", (_, _event, at) => { at.disabled = true; adjust("POST", addressOf(at)); });
  work.on("fit-stop", (_, _event, at) => { at.disabled = true; adjust("DELETE", addressOf(at)); });

  function look() {
    if (!here()) return;
    all("[data-fit-url]").forEach(compare);
    const running = all("[data-adjust][data-state=running]")[0];
    if (running && !polling) adjust("GET", running.dataset.adjust);
  }
  let waiting = false;
  new MutationObserver((changes) => {
    const map = document.getElementById("map");
    if (waiting || !here() || !changes.some((c) => c.addedNodes.length && !map.contains(c.target))) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; look(); });
  }).observe(document.documentElement, {childList: true, subtree: true});
})();
