/* Sensors on the map: a sign for each that says what it measures and how it stands, segments, values as words. */
(function (kit) {
  'use strict';

  const CELL = [72, 96], HEAD = [36, 34, 25], FOOT = 92; // pixels of the sheet of signs, two for one on screen
  const TALL = 46; // pixels of a sign on screen
  const GROUPS = ['traffic', 'parking', 'climate', 'air', 'water', 'energy', 'other'];
  const STATES = ['ok', 'alert', 'flagged', 'old', 'silent'];
  const RANK = { ok: 0, old: 1, silent: 2, flagged: 3, alert: 4 };
  const WORTH = { alert: 0, flagged: 1, ok: 2, old: 3, silent: 4 }; // whose value is written first
  const MOST_LABELS = 60, AIR = 6, LINE = 18;
  const AGES_FROM = 14.6; // zoom from which a value says how old it is
  const REACH = 15; // pixels around a sign that count as it
  const FAN = 27, MOST_FANNED = 5; // pixels between signs of one place, and how many stand clear of each other
  const ALWAYS = { depthCompare: 'always', depthWriteEnabled: false };

  const tokens = () => {
    const style = getComputedStyle(document.documentElement);
    return (name) => style.getPropertyValue(name).trim();
  };

  /* What is measured, drawn around (0, 0) within 13 pixels. */
  const GLYPHS = {
    traffic(pen) {
      pen.beginPath();
      pen.moveTo(-12, 6); pen.lineTo(-12, -1); pen.lineTo(-8, -2); pen.lineTo(-5, -9); pen.lineTo(5, -9); pen.lineTo(8, -2); pen.lineTo(12, -1); pen.lineTo(12, 6);
      pen.closePath();
      pen.stroke();
      for (const x of [-6, 6]) { pen.beginPath(); pen.arc(x, 7, 3.2, 0, 7); pen.fill(); }
    },
    parking(pen) {
      pen.beginPath();
      pen.moveTo(-5, 12); pen.lineTo(-5, -11); pen.lineTo(2, -11);
      pen.arc(2, -4.5, 6.5, -Math.PI / 2, Math.PI / 2);
      pen.lineTo(-5, 2);
      pen.stroke();
    },
    climate(pen) {
      pen.beginPath();
      pen.moveTo(0, -12); pen.lineTo(0, 4);
      pen.stroke();
      pen.beginPath(); pen.arc(0, 8, 5, 0, 7); pen.fill();
      pen.beginPath();
      for (const y of [-9, -4, 1]) { pen.moveTo(5, y); pen.lineTo(10, y); }
      pen.stroke();
    },
    air(pen) {
      pen.beginPath();
      for (const [y, to] of [[-6, 9], [1, 13], [8, 5]]) { pen.moveTo(-12, y); pen.lineTo(to - 4, y); pen.arc(to - 4, y - 3.5, 3.5, Math.PI / 2, -Math.PI / 2, true); }
      pen.stroke();
    },
    water(pen) {
      pen.beginPath();
      for (const y of [-6, 1, 8]) {
        pen.moveTo(-12, y);
        pen.bezierCurveTo(-8, y - 6, -4, y - 6, 0, y);
        pen.bezierCurveTo(4, y + 6, 8, y + 6, 12, y);
      }
      pen.stroke();
    },
    energy(pen) {
      pen.beginPath();
      pen.moveTo(3, -13); pen.lineTo(-8, 2); pen.lineTo(-1, 2); pen.lineTo(-3, 13); pen.lineTo(8, -3); pen.lineTo(1, -3);
      pen.closePath();
      pen.fill();
    },
    other(pen) {
      pen.beginPath(); pen.arc(0, 0, 6, 0, 7); pen.fill();
    },
  };

  /* The head of a sign: its outline alone tells the state, without any colour. */
  const OUTLINES = {
    ok: (pen, r) => pen.arc(0, 0, r, 0, 7),
    old: (pen, r) => pen.arc(0, 0, r, 0, 7),
    silent: (pen, r) => pen.arc(0, 0, r, 0, 7),
    flagged(pen, r) {
      const d = r * 1.3;
      pen.moveTo(0, -d); pen.lineTo(d, 0); pen.lineTo(0, d); pen.lineTo(-d, 0);
      pen.closePath();
    },
    alert(pen, r) {
      pen.moveTo(0, -r * 1.28); pen.lineTo(r * 1.32, r * 0.92); pen.lineTo(-r * 1.32, r * 0.92);
      pen.closePath();
    },
  };

  const paintsOf = (ink) => ({
    ok: { fill: ink('--accent'), line: ink('--surface'), glyph: ink('--accent-ink') },
    alert: { fill: ink('--alert'), line: ink('--surface'), glyph: ink('--surface') },
    flagged: { fill: ink('--stale-soft'), line: ink('--stale'), glyph: ink('--stale') },
    old: { fill: ink('--surface'), line: ink('--ink-3'), glyph: ink('--ink-2'), dash: [7, 5] },
    silent: { fill: ink('--surface-3'), line: ink('--ink-3'), glyph: ink('--ink-3'), slash: true },
  });

  function sign(pen, group, state, replayed, paint) {
    const [x, y, r] = HEAD;
    pen.save();
    pen.translate(x, y);
    pen.lineJoin = pen.lineCap = 'round';
    pen.lineWidth = 7; // stem, with a casing so that it reads on any ground
    pen.strokeStyle = paint.line;
    const stem = () => { pen.beginPath(); pen.moveTo(0, r); pen.lineTo(0, FOOT - y - 3); pen.stroke(); };
    stem();
    pen.lineWidth = 3.5;
    pen.strokeStyle = state === 'ok' || state === 'alert' ? paint.fill : paint.line;
    stem();
    pen.beginPath();
    OUTLINES[state](pen, r);
    pen.fillStyle = paint.fill;
    pen.fill();
    pen.lineWidth = 4;
    pen.strokeStyle = paint.line;
    pen.setLineDash(paint.dash || []);
    pen.stroke();
    pen.setLineDash([]);
    pen.strokeStyle = pen.fillStyle = paint.glyph;
    pen.lineWidth = 3.2;
    if (state === 'alert') {
      pen.beginPath(); pen.moveTo(0, -12); pen.lineTo(0, 5);
      pen.lineWidth = 5;
      pen.stroke();
      pen.beginPath(); pen.arc(0, 14, 3, 0, 7); pen.fill();
    } else GLYPHS[group](pen);
    if (paint.slash) {
      pen.lineWidth = 4;
      pen.beginPath(); pen.moveTo(-r * 0.7, r * 0.7); pen.lineTo(r * 0.7, -r * 0.7); pen.stroke();
    }
    if (replayed) {
      pen.beginPath(); pen.arc(r * 0.86, r * 0.72, 11, 0, 7);
      pen.fillStyle = paint.line;
      pen.fill();
      pen.beginPath(); pen.moveTo(r * 0.86 - 4, r * 0.72 - 6); pen.lineTo(r * 0.86 + 7, r * 0.72); pen.lineTo(r * 0.86 - 4, r * 0.72 + 6);
      pen.closePath();
      pen.fillStyle = state === 'ok' || state === 'alert' ? paint.fill : '#FFFFFF';
      pen.fill();
    }
    pen.restore();
  }

  /* All signs on one sheet, in the colours of a theme: `{image, mapping}`. */
  function sheet() {
    const ink = tokens(), paints = paintsOf(ink), mapping = {};
    const image = document.createElement('canvas');
    image.width = CELL[0] * GROUPS.length;
    image.height = CELL[1] * STATES.length * 2;
    const pen = image.getContext('2d');
    GROUPS.forEach((group, column) => STATES.forEach((state, row) => [false, true].forEach((replayed) => {
      const x = column * CELL[0], y = (2 * row + Number(replayed)) * CELL[1];
      pen.save();
      pen.translate(x, y);
      sign(pen, group, state, replayed, paints[state]);
      pen.restore();
      mapping[iconOf(group, state, replayed)] = { x, y, width: CELL[0], height: CELL[1], anchorX: HEAD[0], anchorY: FOOT, mask: false };
    })));
    return { image, mapping, inks: inksOf(ink) };
  }

  const iconOf = (group, state, replayed) => `${group}|${state}|${replayed ? 1 : 0}`;

  const inksOf = (ink) => ({
    ok: kit.rgb(ink('--accent')), alert: kit.rgb(ink('--alert')), flagged: kit.rgb(ink('--stale')), old: kit.rgb(ink('--ink-3')),
    silent: kit.rgb(ink('--ink-3')), casing: kit.rgb(ink('--surface')), chosen: kit.rgb(ink('--ink')),
  });
  const WIDTHS = { ok: 5, alert: 9, flagged: 6, old: 3, silent: 2 };

  /* From afar signs are smaller, so that hundreds of them stay a picture. */
  const scaleAt = (zoom) => Math.min(Math.max((zoom - 10) / 4.6, 0.4), 1);

  /* What stands at one place side by side: how many steps each is to the left or right, by number. */
  function fanned(points) {
    const places = new Map();
    for (const { number, at } of points) {
      const key = `${at[0].toFixed(1)}|${at[1].toFixed(1)}`;
      if (!places.has(key)) places.set(key, []);
      places.get(key).push(number);
    }
    const shifts = new Map();
    for (const numbers of places.values()) {
      const last = numbers.length - 1, step = last ? Math.min(last, MOST_FANNED - 1) / last : 0;
      numbers.sort((a, b) => a - b).forEach((number, i) => shifts.set(number, (i - last / 2) * step));
    }
    return shifts;
  }

  kit.defineSensorLayers = function (deck) {
    const METRES = deck.COORDINATE_SYSTEM.METER_OFFSETS;

    class TwinSensors extends deck.CompositeLayer {
      renderLayers() {
        const { sensors, scene, strength, coordinateOrigin } = this.props;
        if (!scene || !sensors || !(sensors.points.length || sensors.lines.length)) return [];
        const { image, mapping, inks } = sensors.sheet, scale = scaleAt(scene.zoom), { chosen, hover } = sensors;
        const apart = Math.round(scale * 10) * 0.1 * FAN; // not with every pixel of a zoom
        const common = { opacity: strength, coordinateSystem: METRES, coordinateOrigin, parameters: ALWAYS };
        const path = (id, color, more) => new deck.PathLayer(this.getSubLayerProps({
          ...common, id, data: sensors.lines, getPath: (d) => d.path, getColor: color, getWidth: (d) => WIDTHS[d.state] + more + (d.number === chosen ? 3 : 0),
          widthUnits: 'pixels', capRounded: true, jointRounded: true, updateTriggers: { getColor: inks, getWidth: chosen },
        }));
        const ringed = sensors.points.filter(({ number }) => number === chosen || number === hover);
        return [
          path('casing', inks.casing, 4), path('line', (d) => inks[d.state], 0),
          new deck.ScatterplotLayer(this.getSubLayerProps({
            ...common, id: 'ring', data: ringed, getPosition: (d) => d.at, getRadius: 11, radiusUnits: 'pixels', filled: false, stroked: true, billboard: true,
            getLineColor: inks.chosen, getLineWidth: (d) => (d.number === chosen ? 3.5 : 2), lineWidthUnits: 'pixels', updateTriggers: { getLineColor: inks, getLineWidth: chosen },
          })),
          new deck.IconLayer(this.getSubLayerProps({
            ...common, id: 'signs', data: sensors.points, iconAtlas: image, iconMapping: mapping, getIcon: (d) => d.icon, getPosition: (d) => d.at,
            getSize: (d) => (d.number === chosen ? 1.3 : 1) * TALL, sizeScale: scale, sizeUnits: 'pixels', billboard: true, getPixelOffset: (d) => [d.shift * apart, 0], updateTriggers: { getSize: chosen, getPixelOffset: apart },
          })),
        ];
      }
    }
    TwinSensors.layerName = 'TwinSensors';
    TwinSensors.defaultProps = {
      sensors: { type: 'object', value: null }, scene: { type: 'object', value: null }, strength: 1, switch: '', fromZoom: 0,
    };
    return { TwinSensors };
  };

  const overlaps = (box, boxes) => boxes.some((b) => box[0] < b[2] + AIR && box[2] > b[0] - AIR && box[1] < b[3] + AIR && box[3] > b[1] - AIR);

  /* What the map knows of sensors. Rows: {number, lon, lat, line, group, state, replayed, name, text, word, age, tip}. */
  kit.Sensors = class {
    constructor(host, frame, { onPick }) {
      Object.assign(this, { frame, onPick, points: [], lines: [], chosen: null, hover: null, rows: new Map() });
      this.host = Object.assign(document.createElement('div'), { className: 'twin-map-sensors' });
      this.host.setAttribute('aria-hidden', 'true'); // the list beside the map says the same in words
      host.append(this.host);
      this.shown = new Map(); // number -> element
      this.places = new Map(); // number -> metres, as long as it stays where it is
      this.pen = document.createElement('canvas').getContext('2d');
      this.widths = new Map();
    }

    set(rows) {
      this.rows = new Map(rows.map((row) => [row.number, row]));
      const known = rows.filter(({ lon, lat }) => lon !== null && lat !== null);
      this.points = known.map((row) => ({ number: row.number, at: this.metresOf(row), state: row.state, icon: this.iconOf(row), shift: 0 }))
        .sort((a, b) => RANK[a.state] - RANK[b.state]);
      const shifts = fanned(this.points);
      for (const point of this.points) point.shift = shifts.get(point.number);
      this.lines = rows.flatMap((row) => this.pathsOf(row).map((path) => ({ number: row.number, path, state: row.state })));
      this.order = [...this.points].reverse();
      this.words = [...this.order].sort((a, b) => WORTH[a.state] - WORTH[b.state]);
      this.made = null;
      for (const [number, element] of this.shown) this.write(element, this.rows.get(number));
    }

    iconOf({ group, state, replayed }) {
      return iconOf(GROUPS.includes(group) ? group : 'other', STATES.includes(state) ? state : 'ok', replayed);
    }

    metresOf({ number, lon, lat }) {
      const known = this.places.get(number);
      if (known?.lon === lon && known.lat === lat) return known.at;
      const at = [...this.frame.metres([lon, lat]), 0];
      this.places.set(number, { lon, lat, at });
      return at;
    }

    pathsOf({ line }) {
      if (!line) return [];
      this.paths = this.paths || new WeakMap();
      if (!this.paths.has(line)) this.paths.set(line, line.map((path) => path.map((place) => this.frame.metres(place))));
      return this.paths.get(line);
    }

    /* What the layer is handed; a new object only when something is another one. */
    layer(theme) {
      if (this.theme !== theme || !this.sheet) {
        this.theme = theme;
        this.sheet = sheet();
        this.made = null;
      }
      const { points, lines, chosen, hover } = this;
      this.made ||= { points, lines, chosen, hover, sheet: this.sheet };
      return this.made;
    }

    choose(number) {
      this.chosen = number;
      this.made = null;
    }

    point(number) {
      if (this.hover !== number) this.made = null;
      this.hover = number;
    }

    /* ---- words ---- */

    element(number) {
      const element = Object.assign(document.createElement('span'), { className: 'twin-map-sensor' });
      element.append(document.createElement('b'), document.createElement('i'));
      element.dataset.number = number;
      element.addEventListener('click', () => this.onPick(number));
      return element;
    }

    write(element, row) {
      if (!row) return;
      const [value, more] = element.children, said = [row.word, this.aged ? row.age : ''].filter(Boolean).join(' · ');
      if (value.textContent !== row.text) value.textContent = row.text;
      if (more.textContent !== said) more.textContent = said;
      if (element.dataset.state !== row.state) element.dataset.state = row.state;
    }

    widthOf(text) {
      if (this.widths.size > 4000) this.widths.clear();
      if (!this.widths.has(text)) {
        this.pen.font = '650 14px Figtree, sans-serif';
        this.widths.set(text, Math.ceil(this.pen.measureText(text).width));
      }
      return this.widths.get(text);
    }

    /* Where the foot of a sign stands on screen. */
    pixelOf(viewport, { number, shift }) {
      const { lon, lat } = this.rows.get(number), [x, y] = viewport.project([lon, lat]);
      return [x + shift * FAN * Math.round(scaleAt(viewport.zoom) * 10) * 0.1, y];
    }

    /* Values where there is room, the gravest first; returns the boxes they take. */
    place(viewport, covered, visible) {
      const next = new Map(), boxes = covered.slice(), taken = [];
      this.aged = viewport.zoom >= AGES_FROM;
      if (visible) {
        const lift = (FOOT / CELL[1]) * TALL * scaleAt(viewport.zoom) + 2;
        const half = (HEAD[2] / CELL[1]) * TALL * scaleAt(viewport.zoom) * 1.3;
        const head = ([x, y]) => [x - half, y - lift, x + half, y - lift + 2 * half];
        for (const point of this.order || []) { // no value hides what one should look at
          if (point.state !== 'alert' && point.state !== 'flagged') break;
          boxes.push(head(this.pixelOf(viewport, point)));
        }
        const first = this.rows.has(this.chosen) ? this.order.filter(({ number }) => number === this.chosen) : [];
        for (const point of [...first, ...(this.words || [])]) {
          const { number } = point;
          if (next.size >= MOST_LABELS) break;
          if (next.has(number)) continue;
          const row = this.rows.get(number), [x, y] = this.pixelOf(viewport, point);
          if (x < 0 || y < 0 || x > viewport.width || y > viewport.height) continue;
          const more = [row.word, this.aged ? row.age : ''].filter(Boolean).join(' · ');
          const w = Math.max(this.widthOf(row.text), this.widthOf(more)) + 14, h = (more ? 2 : 1) * LINE + 4;
          const own = head([x, y]), others = boxes.filter((b) => b[0] !== own[0] || b[1] !== own[1]);
          const middle = (own[1] + own[3] - h) / 2;
          const box = [[x - w / 2, y - lift - h], [own[2] + 3, middle], [own[0] - 3 - w, middle]] // above, beside
            .map(([left, top]) => [left, top, left + w, top + h])
            .find((b) => b[0] >= 2 && b[1] >= 2 && b[2] <= viewport.width - 2 && !overlaps(b, others));
          if (!box) continue;
          boxes.push(box, own);
          taken.push([Math.min(box[0], own[0]), Math.min(box[1], own[1]), Math.max(box[2], own[2]), y]);
          next.set(number, box);
        }
      }
      this.draw(next);
      return taken;
    }

    draw(next) {
      for (const [number, element] of this.shown) {
        if (next.has(number)) continue;
        element.remove();
        this.shown.delete(number);
      }
      for (const [number, [left, top, right]] of next) {
        if (!this.shown.has(number)) {
          this.shown.set(number, this.element(number));
          this.host.append(this.shown.get(number));
        }
        const element = this.shown.get(number);
        this.write(element, this.rows.get(number));
        element.style.width = `${Math.round(right - left)}px`;
        element.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
      }
    }

    /* ---- the pointer ---- */

    /* The sensor at a pixel: its sign first, then the segment it stands for. */
    find(viewport, [x, y], visible) {
      if (!visible) return null;
      const scale = scaleAt(viewport.zoom), lift = ((FOOT - HEAD[1]) / CELL[1]) * TALL * scale, reach = Math.max(REACH * scale, 9);
      let best = null;
      for (const point of this.order || []) {
        const { number } = point, [px, py] = this.pixelOf(viewport, point);
        const along = Math.min(Math.max(y, py - lift), py), away = Math.hypot(px - x, along - y);
        if (away < reach && (!best || away < best.away)) best = { number, away };
      }
      return best || this.findLine(viewport, [x, y]);
    }

    findLine(viewport, [x, y]) {
      let best = null;
      for (const row of this.rows.values()) {
        for (const path of row.line || []) {
          const at = path.map((place) => viewport.project(place));
          const away = Math.hypot(...kit.nearestOn([x, y], at.flatMap(([px, py]) => [px, py])).map((v, i) => v - [x, y][i]));
          if (away < 7 && (!best || away < best.away)) best = { number: row.number, away };
        }
      }
      return best;
    }
  };
})((window.twinMapKit = window.twinMapKit || {}));
