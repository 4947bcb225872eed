/* Which tiles are wanted for a view, fetching them, and their buffers on the graphics card. */
(function (kit) {
  'use strict';

  const NEAR_PIXELS = 0.15; // pixels a metre from which a building is worth its roof
  const FAR_PIXELS = 0.02;
  const NEAR_BUILDINGS = 40000; // drawn in full at most
  const FAR_BUILDINGS = 250000;
  const AT_ONCE = 40; // the browser queues them; the page may be too busy to ask for the next
  const TREE_ZOOM = 14.4;
  const AGAIN_MS = 4000; // before a tile that failed is asked for again
  const KEEP = 96; // tiles kept though out of view

  /* A low crown of seven sides, height and radius 1, with smooth normals. */
  kit.crown = function () {
    const rings = [[0.35, 0.12], [0.95, 0.34], [0.92, 0.62], [0.5, 0.9]], sides = 7;
    const positions = [], normals = [], indices = [];
    for (const [radius, z] of rings) {
      for (let i = 0; i < sides; i++) {
        const a = (2 * Math.PI * i) / sides + z;
        const n = [Math.cos(a), Math.sin(a), (z - 0.45) * 2.4], l = Math.hypot(...n);
        positions.push(Math.cos(a) * radius, Math.sin(a) * radius, z);
        normals.push(...n.map((v) => v / l));
      }
    }
    positions.push(0, 0, 1);
    normals.push(0, 0, 1);
    for (let k = 0; k < rings.length; k++) {
      for (let i = 0; i < sides; i++) {
        const a = k * sides + i, b = k * sides + ((i + 1) % sides);
        if (k + 1 < rings.length) indices.push(a, b, b + sides, a, b + sides, a + sides);
        else indices.push(a, b, rings.length * sides);
      }
    }
    return { positions: Float32Array.from(positions), normals: Float32Array.from(normals), indices: Uint16Array.from(indices) };
  };

  kit.TileStore = class {
    constructor({ index, shown, onChange, onError }) {
      Object.assign(this, { index, shown, onChange, onError });
      this.codes = Object.fromEntries(index.style.paints.map(({ name }, code) => [name, code]));
      this.device = null; // tiles are fetched before there is one
      this.tiles = new Map(); // "near/1_2" -> {state: new, loading, read, ready or failed, ...}
      this.waiting = [];
      this.loading = 0;
      this.turn = 0;
      this.wanted = new Set();
      this.requests = 0;
    }

    setDevice(device) {
      this.device = device;
      const mesh = kit.crown();
      this.crown = {
        positions: this.vertices(mesh.positions), normals: this.vertices(mesh.normals),
        indices: this.indices(mesh.indices),
      };
    }

    vertices(data) {
      return this.device.createBuffer({ usage: 32 | 8, data }); // VERTEX | COPY_DST
    }

    indices(data) {
      const indexType = data.BYTES_PER_ELEMENT === 2 ? 'uint16' : 'uint32';
      const buffer = this.device.createBuffer({ usage: 16 | 8, indexType, data }); // INDEX | COPY_DST
      buffer.corners = data.length;
      return buffer;
    }

    /* The keys to draw for a ground view, most important first. */
    choose(view) {
      const visible = (group) => this.index.tiles[group].filter((tile) => view.sees(tile.box));
      const wanted = visible('ground').map(({ key }) => `ground/${key}`);
      let near = 0, far = 0;
      const sorted = visible('buildings').map((tile) => [view.boxDensity(tile.box), tile]).sort((a, b) => b[0] - a[0]);
      for (const [pixels, { key, count }] of sorted) {
        if (pixels > NEAR_PIXELS && (near += count) <= NEAR_BUILDINGS) wanted.push(`near/${key}`);
        else if (pixels > FAR_PIXELS && (far += count) <= FAR_BUILDINGS) wanted.push(`far/${key}`);
      }
      if (view.zoom > TREE_ZOOM) wanted.push(...visible('trees').map(({ key }) => `trees/${key}`));
      if (this.index.terrain && this.shown('terrain')) wanted.push('terrain/relief');
      for (const [name, { from_zoom, tiles }] of Object.entries(this.index.overlays)) {
        if (view.zoom < from_zoom || !this.shown(name)) continue;
        wanted.push(...tiles.filter((tile) => view.sees(tile.box)).map(({ key }) => `overlay/${name}/${key}`));
      }
      return wanted;
    }

    /* Starts loading what a view needs; returns how much is still to come. */
    update(view) {
      const keys = this.choose(view);
      this.wanted = new Set(keys);
      this.turn++;
      for (const key of keys) {
        if (this.tiles.get(key)?.failed < performance.now() - AGAIN_MS) this.tiles.delete(key);
        if (!this.tiles.has(key)) this.tiles.set(key, { key, state: 'new' });
        this.tiles.get(key).turn = this.turn;
      }
      this.waiting = keys.filter((key) => this.tiles.get(key).state === 'new');
      this.pump();
      return this.left;
    }

    get left() {
      return this.waiting.length + this.loading;
    }

    pump() {
      while (this.loading < AT_ONCE && this.waiting.length) this.load(this.tiles.get(this.waiting.shift()));
    }

    async load(tile) {
      tile.state = 'loading';
      this.loading++;
      this.requests++;
      const kind = tile.key.split('/')[0];
      try {
        const order = { url: `${self.location.origin}${this.index.root}/${tile.key}`, kind, codes: this.codes };
        Object.assign(tile, { content: await kit.ordered(order), state: 'read' });
      } catch (error) {
        Object.assign(tile, { state: 'failed', failed: performance.now() });
        this.onError(error);
      }
      this.loading--;
      this.pump();
      this.onChange(this.left);
    }

    /* Puts what was read on the graphics card. */
    settle() {
      if (!this.device) return;
      for (const tile of this.tiles.values()) {
        if (tile.state !== 'read') continue;
        Object.assign(tile, this.upload(tile.content), { state: 'ready', content: null });
      }
    }

    upload(content) {
      const { mesh, ground, trees } = content;
      const own = [];
      const put = (make, data) => {
        const buffer = make.call(this, data);
        own.push(buffer);
        return buffer;
      };
      const out = { ...content, own };
      if (mesh) out.mesh = { ...this.meshBuffers(mesh, put) };
      if (mesh) out.solid = mesh; // arrays stay for picking
      if (ground) {
        out.ground = Object.fromEntries(Object.entries(ground).filter(([, part]) => part.indices.length)
          .map(([name, part]) => [name, { corners: put(this.vertices, part.corners), indices: put(this.indices, part.indices) }]));
      }
      if (content.overlay) {
        out.overlay = Object.fromEntries(Object.entries(content.overlay).filter(([, part]) => part.indices.length)
          .map(([name, part]) => [name, { corners: put(this.vertices, part.corners), indices: put(this.indices, part.indices) }]));
        if (content.overlay.fill && content.rings) out.lids = content.overlay.fill; // arrays stay for prisms
        if (content.colours) out.colours = put((data) => kit.valueTexture(this.device, data), content.colours);
      }
      if (content.relief) out.ground = { relief: this.reliefBuffers(content.relief, put) };
      if (trees) {
        out.trees = {
          count: trees.count, crown: this.crown, places: put(this.vertices, trees.places), needles: put(this.vertices, trees.needles),
        };
        out.standing = trees; // arrays stay for picking
      }
      return out;
    }

    reliefBuffers({ width, height, grey, corners, indices }, put) {
      return {
        corners: put(this.vertices, corners), indices: put(this.indices, indices),
        grey: put(() => kit.greyTexture(this.device, { width, height, data: grey })),
      };
    }

    /* Walls and lids of a tile of areas, made when they are first drawn. */
    prismBuffers(tile) {
      const mesh = kit.prismMesh(tile.rings, tile.lids);
      const out = Object.fromEntries(Object.entries(mesh).map(([name, data]) =>
        [name, name === 'indices' ? this.indices(data) : this.vertices(data)]));
      tile.own.push(...Object.values(out));
      return { ...out, rimCount: mesh.rimRows.length };
    }

    meshBuffers(mesh, put) {
      const out = {
        positions: put(this.vertices, mesh.positions), normals: put(this.vertices, mesh.normals),
        rows: put(this.vertices, mesh.rows), indices: put(this.indices, mesh.indices),
      };
      if (mesh.edges?.length) Object.assign(out, { edges: put(this.vertices, mesh.edges), edgeCount: mesh.edges.length / 3 });
      if (mesh.shadeIndices?.length) {
        Object.assign(out, { shade: put(this.vertices, mesh.shade), shadeRows: put(this.vertices, mesh.shadeRows), shadeIndices: put(this.indices, mesh.shadeIndices) });
      }
      return out;
    }

    /* Tiles to draw of one kind; a far tile stands in until its near one is there. */
    drawn(kind) {
      const ready = (key) => this.tiles.get(key)?.state === 'ready';
      const keys = [...this.wanted].filter((key) => key.startsWith(`${kind}/`));
      if (kind !== 'near' && kind !== 'far') return keys.filter(ready).map((key) => this.tiles.get(key));
      const other = kind === 'near' ? 'far' : 'near';
      const stand = [...this.wanted].filter((key) => key.startsWith(`${other}/`) && !ready(key))
        .map((key) => key.replace(other, kind));
      return [...keys, ...stand].filter(ready).map((key) => this.tiles.get(key));
    }

    /* Frees the buffers of tiles not seen for longest. Called again after layers let go of them. */
    forget() {
      const idle = [...this.tiles.values()].filter((t) => t.state === 'ready' && !this.wanted.has(t.key) && this.turn - t.turn > 1);
      idle.sort((a, b) => a.turn - b.turn);
      for (const tile of idle.slice(0, Math.max(idle.length - KEEP, 0))) {
        this.tiles.delete(tile.key);
        tile.own.forEach((buffer) => buffer.destroy());
      }
    }
  };
})((window.twinMapKit = window.twinMapKit || {}));
