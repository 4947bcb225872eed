/* Words over the map as HTML: settlements, waters, places. One that would overlap another is left out. */
(function (kit) {
  'use strict';

  const MOST = 40, AIR = 12;

  kit.Labels = class {
    constructor(host, frame, { onPick, onHover }) {
      this.frame = frame;
      this.host = document.createElement('div');
      this.host.className = 'twin-map-labels';
      this.host.setAttribute('aria-hidden', 'true'); // the table view says the same in words
      host.append(this.host);
      this.all = [];
      this.shown = new Map();
      this.boxes = new Map();
      this.sizes = new Map();
      Object.assign(this, { onPick, onHover });
    }

    set(labels) {
      this.all = labels.map(([text, x, y, z, kind, rank, zoom, table, row]) => {
        const [lon, lat] = this.frame.degrees([x, y]);
        return { text, at: [lon, lat, z], metres: [x, y], kind, rank, zoom, table, row };
      });
    }

    element(label) {
      const element = document.createElement('span');
      element.className = `twin-map-label ${label.kind}`;
      element.append(Object.assign(document.createElement('b'), { textContent: label.text }));
      if (label.kind === 'place' || label.kind === 'station') {
        element.append(Object.assign(document.createElement('i'), { className: 'stem' }));
      }
      element.addEventListener('click', () => this.onPick(label));
      return element;
    }

    /* Width and height of a label, measured once. */
    sizeOf(label) {
      const key = `${label.kind}|${label.text}`;
      if (!this.sizes.has(key)) {
        const probe = this.element(label);
        probe.style.visibility = 'hidden';
        this.host.append(probe);
        this.sizes.set(key, [probe.offsetWidth, probe.offsetHeight]);
        probe.remove();
      }
      return this.sizes.get(key);
    }

    /* One picture, or two beside each other: the second has words of its own. */
    placeAll(viewports, { visible, covered }) {
      if (viewports.length > 1) this.second = this.second || new kit.Labels(this.host.parentElement, this.frame, { onPick: this.onPick });
      if (this.second) this.second.all = viewports.length > 1 ? this.all : [];
      [this, this.second].forEach((labels, i) => {
        const viewport = viewports[i] || viewports[0];
        if (!labels) return;
        labels.host.style.left = `${viewport.x}px`;
        labels.host.style.right = 'auto';
        labels.host.style.width = `${viewport.width}px`;
        labels.place(viewport, { visible, covered: covered.map(([a, b, c, d]) => [a - viewport.x, b, c - viewport.x, d]) });
      });
    }

    /* Places what fits, important ones first; `covered` are boxes of panels to stay clear of. */
    place(viewport, { visible, covered }) {
      const boxes = covered.slice(), next = new Map();
      const zoom = viewport.zoom;
      for (const label of this.all) {
        if (next.size >= MOST) break;
        if (label.zoom > zoom || !visible(label.kind)) continue;
        if ((label.kind === 'district' || label.kind === 'town') && zoom > label.zoom + 4.6) continue;
        const [x, y] = viewport.project(label.at);
        if (x < 0 || y < 0 || x > viewport.width || y > viewport.height) continue;
        const [w, h] = this.sizeOf(label);
        const rise = label.kind === 'place' || label.kind === 'station' ? h : h / 2;
        const box = [x - w / 2, y - rise, x + w / 2, y - rise + h];
        if (box[0] < 4 || box[1] < 2 || box[2] > viewport.width - 4 || box[3] > viewport.height - 2) continue;
        if (boxes.some((b) => box[0] < b[2] + AIR && box[2] > b[0] - AIR && box[1] < b[3] + AIR && box[3] > b[1] - AIR)) continue;
        boxes.push(box);
        next.set(label, box);
      }
      this.boxes = next;
      this.draw(next);
    }

    draw(next) {
      for (const [label, element] of this.shown) {
        if (next.has(label)) continue;
        element.remove();
        this.shown.delete(label);
      }
      for (const [label, [x, y]] of next) {
        if (!this.shown.has(label)) {
          this.shown.set(label, this.element(label));
          this.host.append(this.shown.get(label));
        }
        this.shown.get(label).style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
      }
    }
  };
})((window.twinMapKit = window.twinMapKit || {}));
