/* What the layers are handed: which tables are shown, the scene of a frame, tiles by layer, words. */
(function (kit) {
  'use strict';

  const UNDER_PRISMS = ['buildings', 'shadow', 'trees'];

  kit.Stage = class extends kit.Split {
    strength(name) {
      const { layers } = this.view, coloured = kit.wantedValues(this.view)?.sides[0].table === name;
      if (UNDER_PRISMS.includes(name) && this.wanted?.height) return 0;
      return (layers ? layers[name] : 1) || (coloured ? 1 : 0); // what is coloured is shown
    }

    /* Whether tiles of a table are wanted: to be seen, marked or chosen from. */
    needs(name) {
      if (this.marked.has(name) || this.view.tool?.table === name) return true;
      return name === 'districts' ? kit.wantedValues(this.view)?.sides[0].table === name : this.strength(name) > 0;
    }

    /* What changes from frame to frame, in one new object, so that layers see a change. */
    sceneNow() {
      const { zoom, latitude } = this.camera;
      return {
        ...this.scene, zoom, pixel: this.frame.pixel(zoom, latitude), paints: this.paints, noValues: this.noValues,
        table: this.wanted?.sides[0].table, hoverRow: this.hovered?.table === this.wanted?.sides[0].table ? this.hovered?.row ?? -1 : -1,
        states: this.marked.states(this.scene), canvas: [this.size().width / (this.twin ? 2 : 1), this.size().height],
        sides: this.sides, split: this.wanted?.split, at: this.divide, flow: Boolean(this.wanted?.flow),
        groups: { land: 1, landuse: this.strength('landuse'), water: this.strength('water'), streets: this.strength('streets'), rail: this.strength('rail'), terrain: this.strength('terrain') },
        marks: [this.rowOf(this.selected), this.rowOf(this.hovered), this.view.theme === 'dark' ? 1 : 0],
      };
    }

    rowOf(found) {
      return found?.table === 'buildings' ? found.row : -1;
    }

    /* What is marked and what measures add, as tiles of their own. */
    markTiles() {
      const marked = this.marked.tiles(this.stops);
      const dots = this.wanted?.sides[0].table === 'stops' ? [this.stopTile()] : [];
      const added = this.added.tiles, built = added.filter(({ solid }) => solid);
      return {
        TwinMarkFill: marked, TwinMarkLines: [...added.filter(({ ribbons, dots: own }) => ribbons || own), ...marked], TwinDots: dots,
        TwinAddedRoads: added, TwinAdded: built, TwinAddedShadow: built, TwinAddedEdges: built,
      };
    }

    stopTile() {
      if (this.dotsOf !== this.stops) this.dotsOfStops = { dots: this.marked.dots(this.stops, []) };
      this.dotsOf = this.stops;
      return this.dotsOfStops;
    }

    /* Overlays have tiles of their own; prisms are those of what stands up. */
    tilesFor({ constructor, props }, tiles) {
      const { layerName } = constructor;
      if (layerName === 'TwinOverlay') return this.store.drawn(`overlay/${props.table}`);
      if (!layerName.startsWith('TwinPrism')) return tiles[layerName] || [];
      return this.wanted?.height ? this.store.drawn(`overlay/${this.wanted.sides[0].table}`) : [];
    }

    namesFor(zoom) {
      const step = zoom < 14 ? 0 : zoom < 15.6 ? 1 : 2; // none, main roads, all
      if (this.namesKey !== `${step}|${this.names.length}`) {
        this.namesKey = `${step}|${this.names.length}`;
        this.namesShown = step ? this.names.filter((name) => step === 2 || name[5]) : [];
      }
      return this.namesShown;
    }

    words() {
      const viewports = this.viewports();
      if (!viewports.length || this.frameSize) return;
      this.host.toggleAttribute('data-map-height', Boolean(this.wanted?.height));
      this.furniture.update(this.frame, this.camera);
      const host = this.host.getBoundingClientRect();
      const covered = [...document.querySelectorAll('[data-over-map]')].map((element) => {
        const box = element.getBoundingClientRect();
        return [box.left - host.left, box.top - host.top, box.right - host.left, box.bottom - host.top];
      });
      const pinned = this.pins.place(viewports[0], covered);
      const taken = [...pinned, ...this.sensors.place(viewports[0], pinned, this.strength('sensors') > 0)];
      this.labels.placeAll(viewports, { covered: taken, visible: (kind) => this.wordsShown(kind) });
    }

    wordsShown(kind) {
      return this.strength({ place: 'places', station: 'stops', stop: 'stops', water: 'water' }[kind] || 'names') > 0;
    }

    showAreas({ areas, pins }) {
      this.areas = kit.areasOf(areas, this.frame, this.scene.inks.selected.slice(0, 3));
      this.pins.set(areas, pins);
      this.placeLabels();
    }
  };
})((window.twinMapKit = window.twinMapKit || {}));
