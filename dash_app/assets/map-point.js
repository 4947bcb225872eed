/* What people point at and choose: hover, click, keys, selection. The base of the map in map.js. */
(function (kit) {
  'use strict';

  /* Tells the page, by a window event: Dash may not be there yet. */
  kit.emit = (id, data) => {
    window.dispatchEvent(new CustomEvent(id, { detail: data }));
  };

  kit.debounced = (ms, run) => {
    let timer = null;
    return (...given) => {
      clearTimeout(timer);
      timer = setTimeout(() => run(...given), ms);
    };
  };

  /* At most one run every `ms`, the last call always counts. */
  kit.throttled = (ms, run) => {
    let last = -Infinity, timer = null;
    return (...given) => {
      clearTimeout(timer);
      const wait = last + ms - performance.now();
      timer = setTimeout(() => {
        last = performance.now();
        run(...given);
      }, Math.max(wait, 0));
    };
  };

  const { emit } = kit;

  const pairs = (xy) => Array.from({ length: xy.length / 2 }, (_, i) => [xy[2 * i], xy[2 * i + 1]]);

  /* A ring of five metres around a tree, a stop, a place. */
  const circle = ([x, y]) => Array.from({ length: 25 }, (_, i) =>
    [x + 5 * Math.cos((i * Math.PI) / 12), y + 5 * Math.sin((i * Math.PI) / 12)]);

  kit.Pointing = class {
    listen() {
      const { host, life: { signal } } = this;
      host.addEventListener('pointermove', (event) => this.hover(event.buttons ? null : this.at(event)), { signal });
      host.addEventListener('pointerleave', () => this.hover(null), { signal });
      host.addEventListener('keydown', (event) => {
        if (event.target.closest?.('[data-over-map]') || this.tool.key(event)) return;
        const state = kit.afterKey(event, this.camera, this.home, this.frame);
        if (!state) return;
        event.preventDefault();
        this.go(state, event.key === 'Home' ? 600 : 160);
      }, { signal });
    }

    at(event) {
      if (event.target.closest?.('[data-over-map]')) return null;
      const box = this.host.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    }

    /* The topmost thing at a pixel: stop, building, tree, then street. */
    find(point) {
      const picture = point && this.pictureAt(point);
      if (!picture) return null;
      const sensor = this.sensors.find(picture.viewport, picture.at, this.strength('sensors') > 0);
      if (sensor) return { table: 'sensors', row: sensor.number, kind: 'sensor' };
      const ray = kit.rayThrough(picture.viewport, this.frame, picture.at);
      const valued = this.findValued(ray, point);
      if (valued) return valued;
      const pixel = this.frame.pixel(this.camera.zoom, this.camera.latitude), { zoom } = this.camera;
      const shown = (name, from) => this.strength(name) > 0 && zoom >= from;
      const stop = shown('stops', 14.2) && kit.pickPoint(ray.low, this.stops, 7 * pixel);
      if (stop) return { table: 'stops', row: stop.row, kind: 'point' };
      const line = shown('lines', 0) && kit.pickStreet(ray.low, this.store.drawn('overlay/lines'), 5 * pixel);
      if (line) return { table: 'lines', row: line.row, paths: [pairs(line.xy)], kind: 'line' };
      const building = shown('buildings', 0) && kit.pickBuilding(ray, this.store.drawn('near'));
      const tree = shown('trees', 14.6) && kit.pickTree(ray, this.store.drawn('trees'));
      if (tree && !(building?.z > tree.z)) return { table: 'trees', row: tree.row, kind: 'point' };
      if (building) return { table: 'buildings', row: building.row, kind: 'area' };
      const street = shown('streets', 13.5) && kit.pickStreet(ray.low, this.store.drawn('ground'), Math.max(5, 6 * pixel));
      if (street) return { table: 'streets', row: street.row, paths: [pairs(street.xy)], kind: 'line' };
      return this.findOverlay(ray.low);
    }

    /* The row of one table at a pixel, whether its layer is shown or not. */
    findOf(table, point) {
      const picture = point && this.pictureAt(point);
      if (!picture) return null;
      const ray = kit.rayThrough(picture.viewport, this.frame, picture.at);
      const pixel = this.frame.pixel(this.camera.zoom, this.camera.latitude);
      const line = (tiles, reach) => {
        const found = kit.pickStreet(ray.low, tiles, reach * pixel);
        return found && { table, row: found.row, paths: [pairs(found.xy)], kind: 'line' };
      };
      const plain = (found, kind) => found && { table, row: found.row, kind };
      if (table === 'streets') return line(this.store.drawn('ground'), 12);
      if (table === 'lines') return line(this.store.drawn('overlay/lines'), 10);
      if (table === 'buildings') return plain(kit.pickBuilding(ray, this.store.drawn('near')), 'area');
      if (table === 'trees') return plain(kit.pickTree(ray, this.store.drawn('trees')), 'point');
      if (table === 'stops') return plain(kit.pickPoint(ray.low, this.stops, 14 * pixel), 'point');
      const tiles = this.store.drawn(`overlay/${table}`);
      const stands = this.wanted?.height && this.wanted.sides[0].table === table;
      return plain(stands ? kit.pickPrism(ray, tiles, (row) => this.amountOf(table, row, point)) : kit.pickArea(ray.low, tiles), 'area');
    }

    /* What a hover is about: with a tool, what it chooses from. */
    findFor(point) {
      const { kind, table } = this.view.tool || {};
      if (!kind) return this.find(point);
      return kind === 'click' ? this.findOf(table, point) : kind === 'chain' ? this.findOf('streets', point) : null;
    }

    /* Moves the view by steps of the keyboard. */
    pan([right, up]) {
      const key = right < 0 ? 'ArrowLeft' : right > 0 ? 'ArrowRight' : up > 0 ? 'ArrowUp' : 'ArrowDown';
      this.go(kit.afterKey({ key }, this.camera, this.home, this.frame), 160);
    }

    /* What the values are of comes before everything else, so that a value can be read anywhere. */
    findValued(ray, point) {
      const { table } = this.wanted?.sides[0] || {};
      if (!table || !this.view.values) return null;
      const pixel = this.frame.pixel(this.camera.zoom, this.camera.latitude);
      if (table === 'streets') {
        const reach = (row) => Math.max(6, this.amountOf('streets', row, point) / 2 + 2) * pixel;
        const seen = this.wanted.flow ? (row) => this.amountOf('streets', row, point) > 0 : null;
        const street = kit.pickStreet(ray.low, this.store.drawn('ground'), reach, seen);
        return street && { table, row: street.row, paths: [pairs(street.xy)], kind: 'line' };
      }
      if (table === 'stops' || table === 'buildings' || table === 'lines') return null;
      const tiles = this.store.drawn(`overlay/${table}`);
      const area = this.wanted.height ? kit.pickPrism(ray, tiles, (row) => this.amountOf(table, row, point)) : kit.pickArea(ray.low, tiles);
      return area && { table, row: area.row, kind: 'area' };
    }

    /* The smallest kind of area laid over a point of the ground. */
    findOverlay(place) {
      for (const table of ['parcels', 'blocks', 'zones', 'cells']) {
        const area = this.strength(table) > 0 && kit.pickArea(place, this.store.drawn(`overlay/${table}`));
        if (area) return { table, row: area.row, kind: 'area' };
      }
      return null;
    }

    feature({ table, row }) {
      this.features = this.features || new Map();
      const url = `${this.index.root}/feature/${table}/${row}`;
      if (!this.features.has(url)) this.features.set(url, kit.fetchJson(url));
      return this.features.get(url);
    }

    async hoverAt(point) {
      const found = this.findFor(point);
      const same = found && this.hovered && found.row === this.hovered.row && found.table === this.hovered.table;
      if (!found && !this.hovered) return;
      this.hovered = found;
      this.sensors.point(found?.kind === 'sensor' ? found.row : null);
      if (!same) this.remark();
      if (found?.kind === 'sensor') {
        const { name, tip } = this.sensors.rows.get(found.row);
        emit('map-hover', { table: 'sensors', id: String(found.row), row: found.row, label: name, tip, x: point[0], y: point[1], side: 0, value: null, withheld: false });
        return;
      }
      if (!found) {
        emit('map-hover', null);
        return;
      }
      const feature = await this.feature(found).catch(() => null);
      if (this.hovered !== found || !feature) return;
      emit('map-hover', {
        table: found.table, id: feature.id, label: feature.label, x: point[0], y: point[1], row: found.row, side: this.sideAt(point), ...this.valueOf(found, point),
      });
    }

    async clickAt(point) {
      if (this.view.tool?.kind) return; // the tool hears for itself
      const found = this.find(point);
      if (!found) {
        emit('map-pick', null);
        return;
      }
      if (found.kind === 'sensor') {
        this.pickSensor(found.row);
        return;
      }
      const feature = await this.feature(found).catch(() => null);
      if (feature) emit('map-pick', { table: feature.table, id: feature.id, lon: feature.lon, lat: feature.lat });
    }

    pickSensor(number) {
      const { lon, lat } = this.sensors.rows.get(number);
      emit('map-pick', { table: 'sensors', id: String(number), lon, lat });
    }

    async pickLabel(label) {
      const feature = await this.feature(label).catch(() => null);
      if (feature) emit('map-pick', { table: feature.table, id: feature.id, lon: feature.lon, lat: feature.lat });
    }

    async select(selection) {
      const turn = (this.selectTurn = (this.selectTurn || 0) + 1);
      let found = null;
      const isSensor = selection?.table === 'sensors';
      this.sensors.choose(isSensor ? Number(selection.id) : null);
      if (isSensor) this.placeLabels();
      else if (selection) {
        const url = `${this.index.root}/find/${selection.table}/${encodeURIComponent(selection.id)}`;
        found = await kit.fetchJson(url).catch(() => null);
      }
      if (turn !== this.selectTurn) return;
      this.selected = found && { ...found, kind: ['streets', 'railways', 'lines'].includes(found.table) ? 'line' : 'area' };
      this.remark();
    }

    remark() {
      this.marks = [];
      if (this.hovered?.kind === 'line') this.marks.push({ ...this.hovered, state: 'hover' });
      if (this.selected) {
        const paths = this.selected.paths.length ? this.selected.paths : [circle(this.selected.box)];
        this.marks.push({ ...this.selected, paths, state: 'selected' });
      }
      this.apply();
    }
  };
})((window.twinMapKit = window.twinMapKit || {}));
