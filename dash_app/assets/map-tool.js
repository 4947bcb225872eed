/* The tools of the map: choose by click, lasso or chain, draw a line, a point, an area, a building.
   Each step is told to the page by `map-tool`, what is only pointed at by `map-tool-at`. */
(function (kit) {
  'use strict';

  const CLICK_PX = 6, TWICE_MS = 380, SNAP_PX = 12, HOVER_MS = 140, HAIR = 24, FINE = 4, RIM = 48, MOST = 500;
  const LEAST = { line: 2, area: 3, lasso: 3, building: 3, chain: 1, point: 1 };
  const CLOSED = ['lasso', 'area', 'building'];
  const PICKS = ['click', 'chain'];

  kit.Tool = class {
    constructor(map) {
      this.map = map;
      this.sketch = new kit.Sketch(map.host);
      this.tellHover = kit.throttled(HOVER_MS, (place) => this.hovered(place));
      this.clear();
      this.listen();
    }

    get kind() {
      return this.spec?.kind || null;
    }

    get closed() {
      return CLOSED.includes(this.kind);
    }

    clear() {
      Object.assign(this, { places: [], chosen: new Map(), pointer: null, hair: null, snap: null, stroke: null, moved: false });
    }

    /* What the page wants; a sketch stays while only the ids it answers with change. */
    set(spec) {
      const wanted = spec?.kind ? spec : null, old = this.spec;
      const bare = (tool) => JSON.stringify(tool && { ...tool, ids: null, rows: null });
      this.spec = wanted;
      if (bare(wanted) !== bare(old)) {
        this.clear();
        this.map.host.dataset.mapTool = wanted ? wanted.kind : '';
        if (!wanted) delete this.map.host.dataset.mapTool;
        this.map.sketching = this.kind === 'lasso';
        this.map.deck?.setProps({ views: this.map.views() });
        this.map.hover(null);
      }
      if (wanted?.kind === 'click') this.take(wanted);
      else this.map.marked.set('tool', []);
      this.draw();
    }

    /* The rows chosen so far, as the page has them. */
    async take({ table, ids = [], rows = [] }) {
      const keys = await this.map.marked.keysOf(table).catch((error) => this.map.fail(error));
      if (!keys || this.spec?.table !== table) return;
      const found = rows.length ? rows : ids.map((id) => keys.rowOf.get(String(id))).filter((row) => row !== undefined);
      this.chosen = new Map(found.map((row) => [keys.drawn?.[row] ?? row, keys.ids[row]]));
      this.markChosen();
    }

    markChosen() {
      this.map.marked.set('tool', [{ table: this.spec.table, rows: [...this.chosen.keys()], style: 'chosen' }]);
    }

    /* ---- pointer ---- */

    listen() {
      const { host, life: { signal } } = this.map;
      let down = null;
      host.addEventListener('pointerdown', (event) => {
        if (!this.kind || event.button || !event.isPrimary || !this.map.at(event)) return;
        down = { at: this.map.at(event), id: event.pointerId };
        if (this.kind === 'lasso') this.stroke = [down.at];
      }, { signal });
      host.addEventListener('pointermove', (event) => this.kind && event.isPrimary && this.move(event), { signal });
      const end = (event) => {
        const from = down;
        down = null;
        if (!this.kind || !from || from.id !== event.pointerId) return;
        const to = this.map.at(event), stroke = this.stroke;
        this.stroke = null;
        if (event.type === 'pointercancel' || !to) return this.draw();
        if (Math.hypot(to[0] - from.at[0], to[1] - from.at[1]) < CLICK_PX && (stroke?.length || 0) < 12) this.click(to, event);
        else if (stroke) this.finishStroke(stroke);
      };
      for (const name of ['pointerup', 'pointercancel']) host.addEventListener(name, end, { signal });
      host.addEventListener('pointerleave', () => {
        this.pointer = null;
        this.snap = null;
        this.draw();
      }, { signal });
    }

    move(event) {
      const point = this.map.at(event);
      if (this.stroke && point) {
        const last = this.stroke.at(-1);
        if (Math.hypot(point[0] - last[0], point[1] - last[1]) >= 2) this.stroke.push(point);
        return this.draw();
      }
      if (event.buttons) return;
      this.hair = null;
      this.point(point);
    }

    /* The pointer or the cross hair stands at a pixel. */
    point(point) {
      const found = point && this.placeAt(point);
      this.pointer = found?.place || null;
      this.snap = found?.snap ? found.place : null;
      if (this.pointer) this.tellHover({ point, ...found });
      this.draw();
    }

    click(point, { timeStamp }) {
      const again = this.last && timeStamp - this.last.time < TWICE_MS && Math.hypot(point[0] - this.last.at[0], point[1] - this.last.at[1]) < CLICK_PX;
      this.last = { at: point, time: timeStamp };
      if (again && this.kind !== 'click') return this.places.length >= LEAST[this.kind] && this.finish();
      return this.setAt(point);
    }

    setAt(point) {
      if (this.kind === 'click') return this.choose(point);
      const found = this.placeAt(point);
      if (!found) return null;
      if (this.closed && this.kind !== 'building' && this.places.length >= 3 && this.near(this.places[0], point)) return this.finish();
      this.places.push(found.place);
      this.moved = false;
      const whole = this.kind === 'point' || (this.kind === 'building' && this.spec.shape !== 'polygon' && this.places.length === 3);
      if (whole) return this.finish(found);
      this.draw();
      return this.tell('set', { ...found });
    }

    near(place, [x, y]) {
      const viewport = this.map.pictureAt([x, y]).viewport;
      const [px, py] = viewport.project(place);
      return Math.hypot(px + viewport.x - x, py - y) < SNAP_PX;
    }

    /* ---- places ---- */

    /* The place at a pixel, moved to a junction or a street where that is near: `{place, snap, row}`. */
    placeAt(point) {
      const picture = this.map.pictureAt(point);
      if (!picture) return null;
      const place = picture.viewport.unproject(picture.at).slice(0, 2);
      const snaps = this.spec.snap === undefined ? ['line', 'chain'].includes(this.kind) : Boolean(this.spec.snap);
      const snap = snaps ? this.snapTo(place) : null;
      return snap ? { place: snap.place, snap: snap.kind, row: snap.row } : { place: place.map((v) => Number(v.toFixed(7))), snap: null, row: null };
    }

    snapTo(place) {
      const { map } = this, xy = map.frame.metres(place);
      const reach = (this.kind === 'chain' ? 2.5 : 1) * SNAP_PX * map.frame.pixel(map.camera.zoom, map.camera.latitude);
      const street = kit.pickStreet(xy, map.store.drawn('ground'), reach);
      if (!street) return null;
      const node = this.kind === 'chain' ? null : kit.nearestEnd(xy, map.store.drawn('ground'), reach);
      const [x, y] = node ? node.at : kit.nearestOn(xy, street.xy);
      return { place: map.frame.degrees([x, y]).map((v) => Number(v.toFixed(7))), kind: node ? 'node' : 'street', row: node ? node.row : street.row };
    }

    /* ---- choosing ---- */

    /* A click takes a row in or out again; with `single` it takes the place of the one before. */
    async choose(point) {
      const { table, single } = this.spec, found = this.map.findOf(table, point);
      if (!found) return;
      const keys = await this.map.marked.keysOf(table).catch((error) => this.map.fail(error));
      if (!keys || this.spec?.table !== table) return;
      const row = keys.drawn?.[found.row] ?? found.row, id = keys.ids[row], had = this.chosen.has(row);
      if (single) this.chosen = new Map();
      if (had) this.chosen.delete(row);
      else this.chosen.set(row, id);
      this.markChosen();
      this.tell('set', { ids: [id], rows: [row], took: !had });
    }

    /* Rows of the tool's table whose middle lies within the lasso, as far as tiles are there. */
    async within(places) {
      const { table } = this.spec, ring = places.map((place) => this.map.frame.metres(place));
      const keys = table && (await this.map.marked.keysOf(table).catch(() => null));
      if (!keys) return { ids: [], rows: [] };
      const rows = kit.rowsWithin(table, ring, this.map.store, this.map.stops);
      return { rows, ids: rows.map((row) => keys.ids[row]) };
    }

    finishStroke(stroke) {
      const corners = kit.simplified(stroke, MOST);
      if (corners.length < 3) return this.draw();
      this.places = corners.map((point) => this.map.pictureAt(point)).filter(Boolean)
        .map(({ viewport, at }) => viewport.unproject(at).slice(0, 2).map((v) => Number(v.toFixed(7))));
      return this.finish();
    }

    async hovered({ place, point, snap, row }) {
      if (this.kind !== 'chain' || !this.pointer) return;
      const keys = row === null ? null : await this.map.marked.keysOf('streets').catch(() => null);
      if (this.kind !== 'chain') return;
      kit.emit('map-tool-at', { kind: 'chain', at: place, from: this.places.at(-1) || null, row, id: keys?.ids[row] ?? null, snap, x: point[0], y: point[1] });
    }

    /* ---- keys ---- */

    /* Whether a key was one for the tool. */
    key(event) {
      if (!this.kind || event.ctrlKey || event.metaKey || event.altKey) return false;
      const arrow = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (arrow) this.moveHair(arrow, event.shiftKey ? FINE : HAIR);
      else if (event.key === 'Enter' || event.key === ' ') this.enter();
      else if (event.key === 'Backspace' || event.key === 'Delete') this.undo();
      else if (event.key === 'Escape') this.leave();
      else return false;
      event.preventDefault();
      event.stopPropagation();
      return true;
    }

    moveHair([dx, dy], step) {
      const { clientWidth: w, clientHeight: h } = this.map.host, pad = this.map.view.padding || {};
      const { left = 0, right = 0, top = 0, bottom = 0 } = pad;
      const [x, y] = this.hair || [(left + w - right) / 2, (top + h - bottom) / 2];
      const next = this.hair ? [x + dx * step, y + dy * step] : [x, y];
      const inside = next[0] > left + RIM && next[0] < w - right - RIM && next[1] > top + RIM && next[1] < h - bottom - RIM;
      this.hair = inside ? next : [x, y];
      if (!inside && this.hair) this.map.pan([dx, -dy]); // the map comes towards the cross hair
      this.moved = true;
      this.point(this.hair);
      this.map.hover(this.hair);
      if (this.pointer) kit.emit('map-tool-at', { kind: this.kind, at: this.pointer, from: this.places.at(-1) || null, keyboard: true });
    }

    /* With the cross hair moved, Enter sets; otherwise it finishes. */
    enter() {
      if (this.hair && (this.moved || this.kind === 'point')) {
        this.moved = false;
        return this.setAt(this.hair);
      }
      return this.finish();
    }

    undo() {
      if (!this.places.length) return;
      this.places.pop();
      this.draw();
      this.tell('undo');
    }

    leave() {
      const kind = this.kind;
      this.places = [];
      this.draw();
      this.tell('leave', { kind });
    }

    /* ---- what comes of it ---- */

    async finish(found = {}) {
      const { places, kind } = this;
      if (!PICKS.includes(kind) && places.length < LEAST[kind]) return;
      if (this.closed && this.area < 0.5) return; // a slip of the hand
      const said = this.said('done', { ...found, done: true });
      if (!PICKS.includes(kind)) this.places = [];
      this.draw();
      kit.emit('map-tool', kind === 'lasso' ? { ...said, ...await this.within(places) } : said);
    }

    /* The corners as they are drawn: of a building by three clicks the fourth one, too. */
    get ring() {
      return this.kind === 'building' && this.spec.shape !== 'polygon' ? this.rectangle(this.places) : this.places;
    }

    rectangle([a, b, c]) {
      if (!c) return [a, b].filter(Boolean);
      const [p, q, r] = [a, b, c].map((place) => this.map.frame.metres(place));
      const l = Math.hypot(q[0] - p[0], q[1] - p[1]) || 1, n = [-(q[1] - p[1]) / l, (q[0] - p[0]) / l];
      const deep = (r[0] - q[0]) * n[0] + (r[1] - q[1]) * n[1];
      const out = [q, p].map(([x, y]) => this.map.frame.degrees([x + deep * n[0], y + deep * n[1]]).map((v) => Number(v.toFixed(7))));
      return [a, b, ...out];
    }

    get area() {
      return kit.ringArea(this.ring.map((place) => this.map.frame.metres(place)));
    }

    geometry() {
      const { ring } = this;
      if (!ring.length) return null;
      if (this.kind === 'click') return null;
      if (this.kind === 'point') return { type: 'Point', coordinates: ring[0] };
      if (this.kind === 'line') return ring.length > 1 ? { type: 'LineString', coordinates: ring } : { type: 'Point', coordinates: ring[0] };
      return ring.length > 2 ? { type: 'Polygon', coordinates: [[...ring, ring[0]]] } : { type: 'LineString', coordinates: ring };
    }

    tell(step, more) {
      kit.emit('map-tool', this.said(step, more));
    }

    /* `ids`, `rows`: what this step is about; `chosen`: all that is chosen. Of a chain a step is the place clicked. */
    said(step, more = {}) {
      const { place, ...rest } = more, { kind } = this;
      const closed = this.closed && this.ring.length > 2, set = step === 'set' && place;
      const geometry = kind === 'chain' ? set && { type: 'Point', coordinates: place } : this.geometry();
      return {
        kind, table: this.spec?.table ?? null, step, done: false, ids: [], rows: [],
        chosen: { ids: [...this.chosen.values()], rows: [...this.chosen.keys()] },
        points: [...this.places], geometry: step === 'leave' ? null : geometry || null,
        length_m: kind === 'line' || closed ? Math.round(kit.lengthOf(closed ? [...this.ring, this.ring[0]] : this.places) * 10) / 10 : null,
        area_m2: closed ? Math.round(this.area) : null, ...(place && { at: place }), ...rest,
      };
    }

    /* ---- the sketch ---- */

    draw() {
      this.sketch.draw(this.map.viewports(), this.kind ? this.shape() : null);
    }

    shape() {
      const { pointer, places } = this;
      if (this.stroke) {
        const line = this.stroke.map((point) => this.map.pictureAt(point)).filter(Boolean).map(({ viewport, at }) => viewport.unproject(at).slice(0, 2));
        return { line, ahead: [line.at(-1), line[0]], closed: true, corners: [], snap: null, words: null, hair: null };
      }
      if (this.kind === 'click') return { line: [], ahead: [], corners: [], hair: this.hair };
      const isBox = this.kind === 'building' && this.spec.shape !== 'polygon';
      const drawn = isBox && places.length === 2 && pointer ? this.rectangle([...places, pointer]) : places;
      const preview = pointer && drawn === places && places.length && this.kind !== 'chain';
      const ahead = preview ? [places.at(-1), pointer, ...(this.closed && places.length > 1 ? [places[0]] : [])]
        : this.closed && drawn.length > 2 ? [drawn.at(-1), drawn[0]] : [];
      return {
        line: this.kind === 'chain' ? [] : drawn, ahead, closed: this.closed, corners: places, snap: this.snap,
        words: this.wordsAt(drawn, preview ? pointer : null), hair: this.hair,
      };
    }

    /* A length or an area beside the pointer. */
    wordsAt(drawn, pointer) {
      const all = pointer ? [...drawn, pointer] : drawn, at = pointer || all.at(-1);
      if (all.length < 2 || ['chain', 'point', 'lasso'].includes(this.kind)) return null;
      const lang = this.map.view.lang || 'de';
      const say = (value, unit, digits = 0) => `${new Intl.NumberFormat(lang, { maximumFractionDigits: digits }).format(value)}\u00a0${unit}`;
      if (this.closed && all.length > 2) {
        const m2 = kit.ringArea(all.map((place) => this.map.frame.metres(place)));
        return [at, m2 < 10000 ? say(m2, 'm²') : say(m2 / 10000, 'ha', m2 < 100000 ? 1 : 0)];
      }
      const metres = kit.lengthOf(all);
      return [at, metres < 1000 ? say(metres, 'm') : say(metres / 1000, 'km', 2)];
    }
  };
})((window.twinMapKit = window.twinMapKit || {}));
