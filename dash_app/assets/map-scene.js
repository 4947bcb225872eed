/* What measures add to the city (links, buildings, stops, lines, pipes), areas and words of the page's own. */
(function (kit) {
  'use strict';

  const FLAT_M = 6; // a building without a height

  const inside = (kit.inRing = ([x, y], ring) => {
    let odd = false;
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
      const [ax, ay] = ring[i], [bx, by] = ring[j];
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
    }
    return odd;
  });

  /* Outlines with their holes: `[[outline, hole, ..], ..]` from rings in any order. */
  kit.polygonsOf = function (rings) {
    const sized = rings.filter((ring) => ring.length > 2).map((ring) => ({ ring, area: kit.ringArea(ring) }));
    const out = [];
    for (const { ring } of sized.sort((a, b) => b.area - a.area)) {
      const around = out.filter(([outline]) => inside(ring[0], outline));
      const hole = around.length && !around.some(([, ...holes]) => holes.some((h) => inside(ring[0], h)));
      if (hole) around[0].push(ring);
      else out.push([ring]);
    }
    return out;
  };

  const flatOf = (path) => Float64Array.from(path.flat());
  const open = (ring) => {
    const [a, b] = [ring[0], ring.at(-1)];
    return ring.length > 3 && a[0] === b[0] && a[1] === b[1] ? ring.slice(0, -1) : ring;
  };

  kit.Added = class {
    constructor({ index, frame, store, marked, onChange, onError }) {
      Object.assign(this, { index, frame, store, marked, onChange, onError });
      this.tiles = [];
      this.known = new Map(); // what was asked for, by address
    }

    /* `scene`: {url} or an address; null takes all away. What is drawn stays where it fails. */
    async set(scene) {
      const url = typeof scene === 'string' ? scene : scene?.url, turn = (this.turn = (this.turn || 0) + 1);
      try {
        const content = url ? await this.fetched(url) : null;
        if (turn !== this.turn || !this.store.device) return;
        this.old = this.tiles;
        this.tiles = content ? [this.made(content)] : [];
        this.marked.set('scene', content ? sets(scene.changed === false ? { ...content, changed: {} } : content) : []);
        this.onChange();
        this.old.forEach(({ own }) => own.forEach((buffer) => buffer.destroy()));
      } catch (error) {
        this.onError(error);
      }
    }

    fetched(url) {
      if (!this.known.has(url)) {
        const found = kit.fetchJson(url);
        found.catch(() => this.known.delete(url));
        this.known.set(url, found);
        if (this.known.size > 12) this.known.delete(this.known.keys().next().value);
      }
      return this.known.get(url);
    }

    metres(path) {
      return path.map((place) => this.frame.metres(place));
    }

    made({ links = [], buildings = [], stops = [], lines = [], pipes = [] }) {
      const own = [], out = { own, isArea: false };
      const { streets, paints } = this.index.style;
      const code = (kind) => paints.findIndex(({ name }) => name === (streets[kind] || 'residential'));
      const roads = links.map(({ path, class: kind }) => ({ xy: flatOf(this.metres(path)), code: code(kind), row: -1 }));
      if (roads.length) out.roads = this.marked.buffers(kit.lineMesh(roads), own);
      const thin = [
        ...lines.flatMap(({ paths, path }) => paths || [path]).map((path) => ({ path, style: 'near' })),
        ...pipes.map(({ path, exists }) => ({ path, style: exists ? 'oldpipe' : 'pipe' })),
      ].map(({ path, style }) => ({ xy: flatOf(this.metres(path)), code: 0, row: kit.markCodes[style] }));
      if (thin.length) out.ribbons = this.marked.buffers(kit.lineMesh(thin, true), own);
      const dots = stops.map(({ at }) => this.frame.metres(at));
      if (dots.length) out.dots = this.marked.dots(dots, own, 8);
      const bodies = buildings.flatMap(({ rings, height }) => kit.polygonsOf(rings.map((ring) => open(this.metres(ring))))
        .map((polygon) => ({ rings: polygon.map(flatOf), top: height > 0 ? height : FLAT_M })));
      if (bodies.length) out.solid = this.solid(kit.plainMesh(bodies), own);
      return out;
    }

    solid({ positions, normals, indices, edges }, own) {
      const out = {
        positions: this.store.vertices(positions), normals: this.store.vertices(normals),
        indices: this.store.indices(indices), edges: this.store.vertices(edges), edgeCount: edges.length / 3,
      };
      own.push(out.positions, out.normals, out.indices, out.edges);
      return out;
    }
  };

  function sets({ gone = {}, changed = {} }) {
    const out = [];
    for (const [style, rows] of [['near', changed], ['gone', gone]]) {
      for (const [table, list] of Object.entries(rows)) if (list?.length) out.push({ table, rows: list, style });
    }
    return out;
  }

  const alphaOf = (hex, usual) => (hex?.length === 9 ? parseInt(hex.slice(7), 16) : usual);

  /* Areas as the layer draws them; the one that holds the others comes first. */
  kit.areasOf = function (areas, frame, accent) {
    const ink = (hex) => (/^#[0-9a-f]{6}/i.test(hex || '') ? kit.rgb(hex) : accent);
    return (areas || []).flatMap(({ rings = [], fill, line, width = 1.8 }, i) => {
      const polygons = kit.polygonsOf(rings.map((ring) => open(ring.map((place) => frame.metres(place)))));
      return polygons.map((polygon, k) => ({
        id: `${i}-${k}`, rings: polygon, closed: polygon.map((ring) => [...ring, ring[0]]), width,
        fill: [...ink(fill), fill === null ? 0 : alphaOf(fill, 44)], line: [...ink(line || fill), line === null ? 0 : alphaOf(line, 235)],
      }));
    });
  };

  /* Words of the page on the map: names of bands on their outline, pins where they are told to stand. */
  kit.Pins = class {
    constructor(host) {
      this.host = Object.assign(document.createElement('div'), { className: 'twin-map-pins' });
      this.host.setAttribute('aria-hidden', 'true');
      host.append(this.host);
      this.all = [];
    }

    set(areas, pins) {
      const bands = (areas || []).filter(({ label, rings }) => label && rings?.length).map(({ label, rings }) => {
        const ring = rings.reduce((long, one) => (one.length > long.length ? one : long));
        const step = Math.max(1, Math.floor(ring.length / 48));
        return { text: label, kind: 'band', places: ring.filter((place, i) => i % step === 0) };
      });
      const own = (pins || []).filter(({ text }) => text).map(({ text, lon, lat, kind = 'name' }) => ({ text, kind, places: [[lon, lat]] }));
      this.host.replaceChildren();
      this.all = [...own, ...bands].map((pin) => {
        const element = Object.assign(document.createElement('span'), { className: `twin-map-pin ${pin.kind}`, textContent: pin.text });
        this.host.append(element);
        return { ...pin, element };
      });
    }

    place(viewport, covered) {
      const boxes = covered.slice();
      for (const pin of this.all) {
        const { element, places, kind } = pin;
        const [w, h] = [element.offsetWidth, element.offsetHeight], up = kind === 'name' ? h + 8 : h / 2;
        let best = null;
        for (const place of places) {
          const [x, y] = viewport.project(place), box = [x - w / 2, y - up, x + w / 2, y - up + h];
          if (box[0] < 4 || box[1] < 4 || box[2] > viewport.width - 4 || box[3] > viewport.height - 4) continue;
          if (boxes.some((b) => box[0] < b[2] + 6 && box[2] > b[0] - 6 && box[1] < b[3] + 6 && box[3] > b[1] - 6)) continue;
          const away = Math.hypot(x - viewport.width * 0.58, y - viewport.height * 0.45);
          if (!best || away < best.away) best = { box, away };
        }
        pin.box = best && best.box.map((v, i) => (i % 2 ? v : v + viewport.x));
        element.style.visibility = best ? 'visible' : 'hidden';
        if (!best) continue;
        boxes.push(best.box);
        element.style.transform = `translate(${Math.round(best.box[0] + viewport.x)}px, ${Math.round(best.box[1])}px)`;
      }
      return boxes;
    }
  };
})((window.twinMapKit = window.twinMapKit || {}));
