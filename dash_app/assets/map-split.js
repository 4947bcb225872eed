/* Two sides of one city: a divider across one picture, or two pictures that move together. */
(function (kit) {
  'use strict';

  const STEP = 0.02, STRIDE = 0.1, TELL_MS = 60;
  const CONTROLS = { keyboard: false, touchRotate: true };

  kit.Split = class extends kit.Valued {
    constructor() {
      super();
      this.divide = 0.5;
      this.tellSplit = kit.throttled(TELL_MS, () => kit.emit('map-split', { at: Number(this.divide.toFixed(3)) }));
    }

    get twin() {
      return this.wanted?.split === 'twin';
    }

    /* Pixels of the map; those of a picture while one is taken. */
    size() {
      return this.frameSize || { width: this.host.clientWidth, height: this.host.clientHeight };
    }

    views() {
      const padding = this.frameSize ? null : this.view.padding || null;
      const view = (props) => new window.deck.MapView({
        repeat: false, padding, farZMultiplier: 1.4, nearZMultiplier: 0.05,
        controller: { ...CONTROLS, inertia: kit.rollMs(), doubleClickZoom: !this.view.tool, dragPan: !this.sketching }, ...props,
      });
      if (!this.twin) return [view({ id: 'map' })];
      return [
        view({ id: 'map', x: 0, width: '50%', padding: padding && { ...padding, right: 0 } }),
        view({ id: 'right', x: '50%', width: '50%', padding: padding && { ...padding, left: 0 } }),
      ];
    }

    /* The pictures as they will be drawn; known before the first frame. */
    viewports() {
      const { width, height } = this.size();
      if (!width || !height) return [];
      return this.views().map((view) => view.makeViewport({ width, height, viewState: this.camera }));
    }

    viewport() {
      return this.viewports()[0] || null;
    }

    /* The picture at a pixel of the map, and the pixel within it. */
    pictureAt([x, y]) {
      const all = this.viewports();
      const viewport = all[this.twin && x >= this.size().width / 2 ? 1 : 0];
      return viewport ? { viewport, at: [x - viewport.x, y] } : null;
    }

    groundView() {
      const { width, height } = this.size();
      const padding = this.twin || this.frameSize ? null : this.view.padding; // the whole width holds both halves
      return new kit.GroundView({ width, height, camera: this.camera, padding, frame: this.frame });
    }

    /* Both pictures of a pair take what one of them was moved to. */
    shareCamera() {
      if (this.twin) this.deck.viewState = { map: this.camera, right: this.camera };
    }

    /* What follows from a new way of showing: pictures, handle, tiles, words. */
    resplit() {
      this.deck.setProps({ views: this.views(), initialViewState: { ...this.camera } });
      this.host.dataset.mapSplit = this.wanted?.split || 'none';
      this.placeDivider();
      this.loadTiles();
      this.placeLabels();
    }

    /* New values, or only the divider moved by the page. */
    recolourTo(view, old) {
      const rest = ({ values, colour, filter }) => JSON.stringify([values && { ...values, at: 0 }, colour, filter]);
      if (view.values && view.values.at !== old.values?.at) this.moveDivider(kit.share(view.values.at), false);
      if (rest(view) !== rest(old)) this.recolour(view);
    }

    placeDivider() {
      const { split } = this.wanted || {};
      if (!this.divider && split !== 'swipe') return;
      this.divider = this.divider || this.makeDivider();
      this.divider.line.hidden = split !== 'swipe';
      const handle = this.divider.handle, percent = Math.round(this.divide * 100);
      this.divider.line.style.left = `${this.divide * 100}%`;
      handle.setAttribute('aria-valuenow', percent);
      handle.setAttribute('aria-valuetext', new Intl.NumberFormat(this.view.lang || 'de', { style: 'percent' }).format(percent / 100));
      handle.setAttribute('aria-label', this.view.words?.divider || '');
    }

    makeDivider() {
      const line = Object.assign(document.createElement('div'), { className: 'twin-map-divider' });
      const handle = Object.assign(document.createElement('div'), { className: 'twin-map-handle', tabIndex: 0 });
      const arrows = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
      const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
      arrows.setAttribute('viewBox', '0 0 24 24');
      arrows.setAttribute('aria-hidden', 'true');
      path.setAttribute('d', 'M8 7l-5 5 5 5M16 7l5 5-5 5M3.5 12h17');
      arrows.append(path);
      handle.append(arrows);
      for (const [name, value] of [['role', 'slider'], ['aria-valuemin', 0], ['aria-valuemax', 100], ['aria-orientation', 'horizontal']]) {
        handle.setAttribute(name, value);
      }
      line.dataset.overMap = '';
      line.append(handle);
      this.host.append(line);
      this.dragDivider(line, handle);
      return { line, handle };
    }

    dragDivider(line, handle) {
      const to = (event) => {
        const box = this.host.getBoundingClientRect();
        this.moveDivider(kit.share((event.clientX - box.left) / box.width));
      };
      line.addEventListener('pointerdown', (event) => {
        event.stopPropagation(); // the map stays where it is
        event.preventDefault();
        handle.focus({ preventScroll: true });
        line.setPointerCapture(event.pointerId);
        line.onpointermove = to;
      });
      for (const end of ['pointerup', 'pointercancel']) {
        line.addEventListener(end, () => {
          line.onpointermove = null;
        });
      }
      for (const name of ['click', 'dblclick', 'wheel', 'touchstart']) {
        line.addEventListener(name, (event) => event.stopPropagation(), { passive: true });
      }
      handle.addEventListener('keydown', (event) => {
        const step = event.shiftKey ? STRIDE : STEP;
        const next = { ArrowLeft: this.divide - step, ArrowDown: this.divide - step, ArrowRight: this.divide + step, ArrowUp: this.divide + step, Home: 0, End: 1 }[event.key];
        if (next === undefined) return;
        event.preventDefault();
        event.stopPropagation();
        this.moveDivider(kit.share(next));
      });
    }

    moveDivider(share, tell = true) {
      const at = Math.round(share * 1000) / 1000;
      if (at === this.divide) return;
      this.divide = at;
      if (this.wanted?.split === 'swipe') {
        this.movedAt = performance.now();
        this.coarsen();
        this.placeDivider();
        this.swipe();
      }
      if (tell) this.tellSplit();
    }
  };
})((window.twinMapKit = window.twinMapKit || {}));
