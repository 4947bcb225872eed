/* What the map shows by value: one side or two, as tables on the graphics card, one entry a row. */
(function (kit) {
  'use strict';

  const KEPT = 80; // columns kept, so that a switch back to a scenario asks nobody
  const FULL = 31000; // vehicles a day that are drawn as a ribbon of 20 px
  const TALLEST_M = 90; // height of a prism at the highest limit of its scale
  const SLIDING_MS = 600; // values that follow one another so fast come from a slider
  const SPLITS = ['swipe', 'twin'];
  const AREAS = ['blocks', 'zones', 'districts', 'cells'];

  /* The wanted values in one form: `{sides: [left, right?], split, at, flow, height}`, or null. */
  kit.wantedValues = function ({ values, colour }) {
    if (values?.left) {
      const { left, right, at, flow, height } = values;
      const split = right && SPLITS.includes(values.split) ? values.split : 'none';
      return {
        sides: split === 'none' ? [left] : [left, right], split, at: kit.share(at),
        flow: Boolean(flow) && left.table === 'streets', height: Boolean(height) && AREAS.includes(left.table),
      };
    }
    return colour?.url ? { sides: [colour], split: 'none', at: 0.5, flow: false, height: false } : null;
  };

  kit.share = (at) => (Number.isFinite(at) ? Math.min(Math.max(at, 0), 1) : 0.5);

  const largest = (list) => list.reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 0);

  /* The value drawn as a ribbon of 20 px: as told, else the largest of the scale, else 31,000 vehicles. */
  function fullOf({ breaks, widths, low, high }) {
    if (Number.isFinite(widths)) return widths;
    if (Number.isFinite(widths?.full)) return widths.full;
    const most = largest([low, high].filter((value) => typeof value === 'number'));
    return most || (breaks.some((limit) => limit < 0) ? 2 * largest(breaks) : 0) || FULL;
  }

  /* Width in pixels of every row; `widths` as a list gives one for each class. */
  kit.flowWidths = function ({ columns }, scale) {
    const { breaks, widths } = scale, full = fullOf(scale);
    const classed = Array.isArray(widths) && widths.length ? widths : null;
    return Float32Array.from(columns.value, (value) => {
      if (!value || Number.isNaN(value)) return 0; // nothing runs here, nothing changes here
      if (!classed) return 1.1 + Math.min(Math.abs(value) / full, 1.6) ** 0.72 * 19;
      let at = 0;
      while (at < breaks.length && value >= breaks[at]) at++;
      return classed[Math.min(at, classed.length - 1)];
    });
  };

  /* Height in metres of every row's prism. */
  kit.prismHeights = function ({ columns }, { breaks }) {
    const top = largest(breaks) || largest(Array.from(columns.value)) || 1;
    return Float32Array.from(columns.value, (value) =>
      (Number.isNaN(value) ? 0 : Math.min(Math.abs(value) / top, 1.7) * TALLEST_M));
  };

  /* Columns by address: what is on its way is asked for once, what was seen last stays. */
  class Columns {
    constructor() {
      this.parts = new Map();
    }

    get(url) {
      const known = this.parts.get(url) || kit.fetchPart(url);
      this.parts.delete(url);
      this.parts.set(url, known);
      known.catch(() => this.parts.delete(url));
      for (const old of this.parts.keys()) {
        if (this.parts.size <= KEPT) break;
        this.parts.delete(old);
      }
      return known;
    }
  }

  const NONE = { values: {}, amounts: {}, shown: null };

  kit.Valued = class extends kit.Pointing {
    constructor() {
      super();
      this.columns = new Columns();
      this.sides = [NONE];
      this.wanted = null; // what is drawn, as kit.wantedValues gives it
    }

    /* One side's tables on the graphics card. `part` is its column, `districts` that of the filter. */
    sideOf(scale, part, districts, { flow, height }) {
      const side = { values: {}, amounts: {}, shown: null };
      const table = scale?.table || 'buildings';
      let colours = part && kit.colourRows(part, scale, table !== 'cells');
      if (districts && (!part || table === 'buildings')) {
        colours = kit.fadeOthers(colours || new Uint8Array(4 * this.index.rows.buildings), districts.part, districts.keep);
        side.values.buildings = kit.valueTexture(this.device, colours);
      } else if (districts) {
        const plain = new Uint8Array(4 * this.index.rows.buildings);
        side.values.buildings = kit.valueTexture(this.device, kit.fadeOthers(plain, districts.part, districts.keep));
      }
      if (!part) return side;
      side.shown = { table, part };
      side.values[table] ??= kit.valueTexture(this.device, colours);
      const amounts = flow ? kit.flowWidths(part, scale) : height ? kit.prismHeights(part, scale) : null;
      if (!amounts) return side;
      side.amounts[table] = kit.amountTexture(this.device, amounts);
      side.shown.amounts = amounts;
      return side;
    }

    /* Draws the values wanted now; what is drawn stays until they are there, and where they never come. */
    async recolour(view) {
      const turn = (this.colourTurn = (this.colourTurn || 0) + 1);
      const wanted = kit.wantedValues(view), keep = view.filter?.district;
      try {
        const filterUrl = keep ? `${this.index.root}/column/buildings/district_id` : null;
        const asked = [filterUrl, ...(wanted?.sides || []).map(({ url }) => url)];
        const [filter, ...parts] = await Promise.all(asked.map((url) => (url ? this.columns.get(url) : null)));
        if (turn !== this.colourTurn || !this.device) return;
        const started = performance.now(), districts = filter && { part: filter, keep };
        const sides = parts.length ? parts.map((part, i) => this.sideOf(wanted.sides[i], part, districts, wanted))
          : [this.sideOf(null, null, districts, {})];
        this.showSides(sides, wanted);
        this.noteRecolour(performance.now() - started);
      } catch (error) {
        this.fail(error);
      }
    }

    showSides(sides, wanted) {
      const old = this.sides;
      const tables = (all) => all.map(({ shown }) => shown?.table).join();
      const same = tables(old) === tables(sides) && this.wanted?.height === wanted?.height && this.wanted?.split === wanted?.split;
      this.sides = sides;
      this.wanted = wanted;
      const now = performance.now(), sliding = now - this.shownAt < SLIDING_MS;
      this.shownAt = now;
      if (sliding) this.coarsen(); // a slider moves: fewer pixels follow the hand
      this.apply();
      this.dropSides(old);
      if (!same) this.resplit();
    }

    dropSides(sides = this.sides) {
      for (const { values, amounts } of sides) {
        for (const texture of [...Object.values(values), ...Object.values(amounts)]) kit.dropTexture(texture);
      }
    }

    /* Which side a pixel of the map shows. */
    sideAt([x]) {
      if (!this.wanted || this.wanted.sides.length < 2) return 0;
      const share = this.wanted.split === 'twin' ? 0.5 : this.divide;
      return x < share * this.size().width ? 0 : 1;
    }

    /* The value shown for a thing at a pixel: `{value, withheld}`; both empty for what has none. */
    valueOf(found, point) {
      const shown = this.sides[this.sideAt(point)]?.shown;
      if (!shown || !found || shown.table !== found.table) return { value: null, withheld: false };
      const { header, columns } = shown.part, raw = columns.value[found.row];
      const withheld = Boolean(columns.withheld?.[found.row]);
      const value = header.kind === 'category' ? header.words[raw - 1] ?? null : Number.isFinite(raw) ? raw : null;
      return { value: withheld ? null : value, withheld };
    }

    /* Metres above the ground at which a row is drawn, and pixels of width. */
    amountOf(table, row, point) {
      const shown = this.sides[this.sideAt(point)]?.shown;
      return (shown?.table === table && shown.amounts?.[row]) || 0;
    }
  };
})((window.twinMapKit = window.twinMapKit || {}));
