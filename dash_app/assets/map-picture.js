/* A picture of the present view without panels, in any size: drawn once more, words included. */
(function (kit) {
  'use strict';

  const MOST_PX = 8192, MOST_AREA = 36e6, TILES_MS = 20000, FRAMES_MS = 8000, WRAP_PX = 150;

  const later = (ms) => new Promise((done) => setTimeout(done, ms));

  async function until(ready, ms) {
    const end = performance.now() + ms;
    while (!ready() && performance.now() < end) await later(30);
    return ready();
  }

  /* The scale that the graphics card can draw: pixels of the picture per pixel of the map. */
  kit.pictureScale = ({ width, height, scale }) =>
    Math.min(scale, MOST_PX / width, MOST_PX / height, Math.sqrt(MOST_AREA / (width * height)));

  kit.Picture = class {
    constructor(map) {
      this.map = map;
      this.queue = Promise.resolve();
    }

    /* One at a time. Gives a PNG as a Blob. */
    take(asked = {}) {
      const made = this.queue.then(() => this.draw(asked));
      this.queue = made.catch(() => null);
      return made;
    }

    async draw({ width, height, scale = 2 }) {
      const { map } = this, { width: w, height: h } = map.size();
      const size = { width: Math.round(width || w), height: Math.round(height || h) };
      if (!map.device || !(size.width > 0 && size.height > 0 && scale > 0)) throw new Error('no picture of this size');
      const fits = kit.pictureScale({ ...size, scale });
      const still = this.still(), camera = map.camera;
      try {
        this.resize(size, fits);
        await until(() => !map.store.left, TILES_MS);
        map.apply();
        return await this.shot(size, fits);
      } finally {
        map.frameSize = null;
        map.camera = camera;
        map.deck.setProps({ width: '100%', height: '100%', useDevicePixels: map.fine, views: map.views(), initialViewState: { ...camera } });
        map.loadTiles();
        await until(() => map.device?.gl.drawingBufferWidth === Math.round(map.host.clientWidth * map.fine), 1500);
        map.placeLabels();
        still.remove();
      }
    }

    /* What is seen stays in sight meanwhile. */
    still() {
      const canvas = Object.assign(document.createElement('canvas'), { className: 'twin-map-still' });
      const source = this.map.deck.getCanvas();
      [canvas.width, canvas.height] = [source.width, source.height];
      this.map.deck.redraw('still');
      canvas.getContext('2d').drawImage(source, 0, 0);
      this.map.host.append(canvas);
      return canvas;
    }

    /* The same ground as in the free middle between the panels, whatever the size. */
    resize(size, scale) {
      const { map } = this, { width, height } = map.size();
      const { left = 0, right = 0, top = 0, bottom = 0 } = map.view.padding || {};
      const by = Math.min(size.width / Math.max(width - left - right, 200), size.height / Math.max(height - top - bottom, 200));
      map.frameSize = size;
      map.camera = { ...map.camera, zoom: map.camera.zoom + Math.log2(by) };
      map.deck.setProps({ ...size, useDevicePixels: scale, views: map.views(), initialViewState: { ...map.camera } });
      map.loadTiles();
    }

    async shot(size, scale) {
      const { map } = this, source = map.deck.getCanvas();
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [Math.round(size.width * scale), Math.round(size.height * scale)];
      const right = () => map.deck.width === size.width && map.deck.height === size.height && Math.abs(source.width - canvas.width) < 2 && Math.abs(source.height - canvas.height) < 2;
      if (!await until(right, FRAMES_MS)) throw new Error('the picture could not be drawn');
      map.apply();
      map.deck.redraw('picture');
      const context = canvas.getContext('2d');
      context.drawImage(source, 0, 0, canvas.width, canvas.height); // within the same task: afterwards it is gone
      context.scale(canvas.width / size.width, canvas.height / size.height);
      this.words(context, size);
      return new Promise((done, fail) => {
        canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error('the picture could not be written'))), 'image/png');
      });
    }

    words(context, { width, height }) {
      const { map } = this, style = getComputedStyle(map.host);
      const halo = style.getPropertyValue('--m-halo') || '#fff', viewports = map.viewports();
      map.labels.placeAll(viewports, { covered: map.pins.place(viewports[0], []), visible: (kind) => map.wordsShown(kind) });
      for (const [labels, viewport] of [[map.labels, viewports[0]], [map.labels.second, viewports[1]]]) {
        if (!labels || !viewport) continue;
        for (const [label, box] of labels.boxes) this.label(context, labels.shown.get(label), label, box.map((v, i) => (i % 2 ? v : v + viewport.x)), halo);
      }
      for (const pin of map.pins.all) if (pin.box) this.pin(context, pin);
      const split = map.wanted?.split;
      if (split !== 'swipe' && split !== 'twin') return;
      context.fillStyle = style.getPropertyValue('--surface') || '#fff';
      context.fillRect((split === 'swipe' ? map.divide : 0.5) * width - 2, 0, 4, height);
    }

    label(context, element, { text, kind }, [left, top, right], halo) {
      const style = getComputedStyle(element), line = parseFloat(style.lineHeight) || 18;
      context.font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
      Object.assign(context, { textAlign: 'center', textBaseline: 'middle', lineJoin: 'round', lineWidth: 3.5, strokeStyle: halo, fillStyle: style.color });
      const x = (left + right) / 2, lines = wrapped(context, text);
      lines.forEach((words, i) => {
        context.strokeText(words, x, top + line * (i + 0.5));
        context.fillText(words, x, top + line * (i + 0.5));
      });
      if (kind === 'place' || kind === 'station') context.fillRect(x - 0.5, top + line * lines.length + 1, 1, 18);
    }

    pin(context, { text, element, box: [left, top, right, bottom] }) {
      const style = getComputedStyle(element);
      context.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
      Object.assign(context, { textAlign: 'center', textBaseline: 'middle', fillStyle: style.backgroundColor, strokeStyle: style.color, lineWidth: 1.5 });
      context.beginPath();
      context.roundRect(left, top, right - left, bottom - top, (bottom - top) / 2);
      context.fill();
      context.stroke();
      context.fillStyle = style.color;
      context.fillText(text, (left + right) / 2, (top + bottom) / 2 + 1);
    }
  };

  function wrapped(context, text) {
    const lines = [''];
    for (const word of text.split(' ')) {
      const longer = `${lines.at(-1)} ${word}`.trim();
      if (lines.at(-1) && context.measureText(longer).width > WRAP_PX) lines.push(word);
      else lines[lines.length - 1] = longer;
    }
    return lines;
  }
})((window.twinMapKit = window.twinMapKit || {}));
