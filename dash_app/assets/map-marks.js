/* Rows that are marked: which, in which style, and their shapes taken from the tiles that are there. */
(function (kit) {
  'use strict';

  kit.markCodes = { chosen: 1, next: 2, hover: 3, gone: 4, near: 5, pipe: 6, oldpipe: 7 };
  const MOST_DOTS = 600;
  const AREAS = ['blocks', 'zones', 'districts', 'cells', 'parcels'];

  /* Tints of buildings by style: how much of which ink. Above .95 a building counts as gone. */
  const tints = (scene) => {
    const accent = scene.uniforms.selectedInk.slice(0, 3).map((v) => Math.round(v * 255));
    return { chosen: [...accent, 168], next: [...accent, 110], hover: [...accent, 128], near: [...accent, 66], gone: [150, 147, 142, 255] };
  };

  kit.MarkSets = class {
    constructor({ index, store, onChange, onError }) {
      Object.assign(this, { index, store, onChange, onError });
      this.byTable = new Map(); // table -> row -> style
      this.own = new Map(); // tile -> {version, made}
      this.version = 0;
      this.keys = new Map(); // table -> promise of its ids
      this.sets = { marked: [], scene: [] };
    }

    /* `{ids, drawn, rowOf}` of a table, asked for once. */
    keysOf(table) {
      if (!this.keys.has(table)) {
        const found = kit.fetchJson(`${this.index.root}/ids/${table}`).then(({ ids, drawn }) => ({
          ids, drawn, rowOf: new Map(ids.map((id, row) => [id, row])),
        }));
        found.catch(() => this.keys.delete(table));
        this.keys.set(table, found);
      }
      return this.keys.get(table);
    }

    /* Rows of a set as they are drawn: of a street's two directions only one is. */
    async rowsOf({ table, ids, rows }) {
      if (rows?.length && table !== 'streets') return rows;
      if (!rows?.length && !ids?.length) return [];
      const keys = await this.keysOf(table);
      const found = rows?.length ? rows : ids.map((id) => keys.rowOf.get(String(id))).filter((row) => row !== undefined);
      return keys.drawn ? found.map((row) => keys.drawn[row] ?? row) : found;
    }

    /* `from`: who marks ("marked" by the page, "scene" by what a scenario takes away, "tool"). */
    async set(from, sets) {
      const turn = (this.turn = (this.turn || 0) + 1), mine = (this.turns = { ...this.turns, [from]: turn });
      try {
        const rows = await Promise.all((sets || []).map((one) => this.rowsOf(one)));
        if (mine[from] !== this.turns[from]) return;
        this.sets[from] = (sets || []).map(({ table, style = 'chosen' }, i) => ({ table, style, rows: rows[i] }));
        this.merge();
      } catch (error) {
        this.onError(error);
      }
    }

    merge() {
      this.byTable = new Map();
      for (const { table, style, rows } of [...(this.sets.scene || []), ...(this.sets.marked || []), ...(this.sets.tool || [])]) {
        if (!kit.markCodes[style]) continue;
        if (!this.byTable.has(table)) this.byTable.set(table, new Map());
        for (const row of rows) this.byTable.get(table).set(row, style);
      }
      this.version += 1;
      this.statesOf = null;
      this.onChange();
    }

    has(table) {
      return (this.byTable.get(table)?.size || 0) > 0;
    }

    /* The tints of buildings on the graphics card, or null. */
    states(scene) {
      const marked = this.byTable.get('buildings'), theme = scene.uniforms.selectedInk.join();
      if (this.statesOf === `${this.version}|${theme}`) return this.texture;
      this.statesOf = `${this.version}|${theme}`;
      this.old = this.texture;
      this.texture = null;
      if (!marked?.size) return null;
      const inks = tints(scene), colours = new Uint8Array(4 * this.index.rows.buildings);
      for (const [row, style] of marked) if (4 * row + 3 < colours.length) colours.set(inks[style], 4 * row);
      this.texture = kit.valueTexture(this.store.device, colours);
      return this.texture;
    }

    /* Called when layers let go of what was drawn before. */
    forget() {
      kit.dropTexture(this.old);
      this.old = null;
      for (const buffer of this.dropped || []) buffer.destroy();
      this.dropped = [];
    }

    /* Meshes of what is marked on the tiles drawn now, made once for a tile and a set of marks. */
    tiles(stops) {
      const drawn = new Set();
      for (const [table, marks] of this.byTable) {
        if (!marks.size || table === 'buildings') continue;
        const kind = table === 'streets' ? 'ground' : `overlay/${table}`;
        if (table === 'stops') drawn.add(this.made(stops, table, () => this.stopDots(stops, marks)));
        else for (const tile of this.store.drawn(kind)) drawn.add(this.made(tile, table, () => this.shapes(tile, table, marks)));
      }
      for (const [key, { version, made }] of this.own) {
        if (version === this.version && drawn.has(made)) continue;
        this.own.delete(key);
        (this.dropped ||= []).push(...(made?.own || []));
      }
      return [...drawn].filter(Boolean);
    }

    made(key, table, make) {
      const known = this.own.get(key);
      if (known?.version === this.version) return known.made;
      if (known) (this.dropped ||= []).push(...(known.made?.own || []));
      const made = make();
      this.own.set(key, { version: this.version, made });
      return made;
    }

    shapes(tile, table, marks) {
      const isArea = AREAS.includes(table);
      const lines = isArea ? areaLines(tile.rings, marks) : streetLines(tile.lines, marks);
      if (!lines.length) return null;
      const own = [], out = { own, isArea, ribbons: this.buffers(kit.lineMesh(lines, true), own) };
      const fill = isArea && tile.lids && fillOf(tile.lids, marks);
      if (fill) out.fill = this.buffers(fill, own);
      if (table === 'streets' && lines.length <= MOST_DOTS) out.dots = this.dots(endsOf(lines), own);
      return out;
    }

    stopDots(stops, marks) {
      const places = stops.filter(([, , row]) => marks.has(row)).map(([x, y]) => [x, y]), own = [];
      return places.length ? { own, dots: this.dots(places, own, 9) } : null;
    }

    buffers({ corners, indices }, own) {
      const out = { corners: this.store.vertices(corners), indices: this.store.indices(indices) };
      own.push(out.corners, out.indices);
      return out;
    }

    dots(places, own, size) {
      if (!places.length) return null;
      const out = {
        places: this.store.vertices(Float32Array.from(places.flatMap(([x, y, row = 0]) => [x, y, row]))), count: places.length,
        corners: this.store.vertices(Float32Array.from([-1, -1, 1, -1, -1, 1, 1, 1])), size,
      };
      own.push(out.places, out.corners);
      return out;
    }
  };

  function streetLines({ rows, starts, xy }, marks) {
    const out = [];
    rows.forEach((row, i) => {
      const style = marks.get(row);
      if (style) out.push({ xy: xy.subarray(starts[i], starts[i + 1]), code: 0, row: kit.markCodes[style] });
    });
    return out;
  }

  function areaLines({ rows, areaOf, starts, xy }, marks) {
    const out = [];
    for (let ring = 0; ring + 1 < starts.length; ring++) {
      const style = marks.get(rows[areaOf[ring]]);
      if (!style) continue;
      const open = xy.subarray(starts[ring], starts[ring + 1]);
      out.push({ xy: Float64Array.from([...open, open[0], open[1]]), code: 0, row: kit.markCodes[style] });
    }
    return out;
  }

  function fillOf({ corners, indices }, marks) {
    const kept = [], tagged = corners.slice();
    for (let i = 0; i < indices.length; i += 3) {
      const style = marks.get(corners[6 * indices[i] + 5]);
      if (!style) continue;
      for (let k = 0; k < 3; k++) {
        tagged[6 * indices[i + k] + 5] = kit.markCodes[style];
        kept.push(indices[i + k]);
      }
    }
    return kept.length ? { corners: tagged, indices: Uint32Array.from(kept) } : null;
  }

  /* Ends of chosen pieces, each place once. */
  function endsOf(lines) {
    const places = new Map();
    for (const { xy, row } of lines) {
      if (row !== kit.markCodes.chosen) continue;
      for (const i of [0, xy.length - 2]) places.set(`${Math.round(xy[i])},${Math.round(xy[i + 1])}`, [xy[i], xy[i + 1]]);
    }
    return [...places.values()];
  }
})((window.twinMapKit = window.twinMapKit || {}));
