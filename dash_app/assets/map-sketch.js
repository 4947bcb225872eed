/* The sketch of a tool over the map: lines, corners, lengths, the cross hair of the keyboard. As SVG, so
   that it follows the hand without drawing the city anew. */
(function (kit) {
  'use strict';

  const SVG = 'http://www.w3.org/2000/svg';
  const EARTH_M = 6371008.8, rad = Math.PI / 180;

  const make = (tag, attributes, parent) => {
    const element = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    parent?.append(element);
    return element;
  };

  /* Metres along places [lon, lat] on the sphere. */
  kit.lengthOf = (places) => places.slice(1).reduce((sum, [lon, lat], i) => {
    const [lon0, lat0] = places[i];
    const h = Math.sin(((lat - lat0) * rad) / 2) ** 2
      + Math.cos(lat * rad) * Math.cos(lat0 * rad) * Math.sin(((lon - lon0) * rad) / 2) ** 2;
    return sum + 2 * EARTH_M * Math.asin(Math.min(Math.sqrt(h), 1));
  }, 0);

  /* Square metres of a ring in frame metres. */
  kit.ringArea = (ring) => Math.abs(ring.reduce((sum, [x, y], i) => {
    const [x2, y2] = ring[(i + 1) % ring.length];
    return sum + x * y2 - x2 * y;
  }, 0)) / 2;

  /* At most `most` points of a line of [x, y], those that matter for its shape (Douglas and Peucker). */
  kit.simplified = function (points, most = 500) {
    let kept = points;
    for (let by = 0.5; kept.length > most; by *= 1.6) kept = peucker(points, by);
    return kept;
  };

  function peucker(points, by) {
    const keep = new Uint8Array(points.length), open = [[0, points.length - 1]];
    keep[0] = keep[points.length - 1] = 1;
    while (open.length) {
      const [from, to] = open.pop(), [ax, ay] = points[from], [bx, by2] = points[to];
      const l = Math.hypot(bx - ax, by2 - ay);
      let far = 0, at = -1;
      for (let i = from + 1; i < to; i++) {
        const [x, y] = points[i];
        const away = l ? Math.abs((bx - ax) * (ay - y) - (ax - x) * (by2 - ay)) / l : Math.hypot(x - ax, y - ay);
        if (away > far) [far, at] = [away, i];
      }
      if (far <= by) continue;
      keep[at] = 1;
      open.push([from, at], [at, to]);
    }
    return points.filter((point, i) => keep[i]);
  }

  kit.Sketch = class {
    constructor(host) {
      this.svg = make('svg', { class: 'twin-map-sketch', 'aria-hidden': 'true' });
      host.append(this.svg);
      this.text = '';
    }

    /* `shape`: {line: places, ahead: places, closed, corners: places, snap: place, words: [place, text], hair: pixel}. */
    draw(viewports, shape) {
      this.svg.replaceChildren();
      if (!shape) return;
      for (const viewport of viewports) this.picture(viewport, shape);
      if (shape.hair) this.hair(shape.hair);
    }

    picture(viewport, { line, ahead, closed, corners, snap, words }) {
      const { x, y, width, height } = viewport;
      const box = make('svg', { x, y, width, height, overflow: 'hidden' }, this.svg);
      const at = (place) => viewport.project(place).slice(0, 2);
      const path = (places) => places.map((place, i) => `${i ? 'L' : 'M'}${at(place).map((v) => v.toFixed(1)).join(' ')}`).join('');
      if (closed && line.length + ahead.length > 2) make('path', { class: 'fill', d: `${path([...line, ...ahead.slice(1)])}Z` }, box);
      for (const className of ['casing', 'line']) if (line.length > 1) make('path', { class: className, d: path(line) }, box);
      for (const className of ['casing ahead', 'line ahead']) if (ahead.length > 1) make('path', { class: className, d: path(ahead) }, box);
      for (const place of corners) this.dot(box, at(place), 'corner', 5.5);
      if (snap) this.dot(box, at(snap), 'snap', 9);
      if (words) this.words(box, at(words[0]), words[1]);
    }

    dot(box, [cx, cy], className, r) {
      make('circle', { class: className, cx: cx.toFixed(1), cy: cy.toFixed(1), r }, box);
    }

    words(box, [x, y], text) {
      const group = make('g', { transform: `translate(${Math.round(x + 14)} ${Math.round(y - 14)})` }, box);
      const back = make('rect', { rx: 12, height: 24, y: -17, x: -10 }, group);
      const words = make('text', {}, group);
      words.textContent = text;
      back.setAttribute('width', words.getComputedTextLength() + 20);
    }

    hair([x, y]) {
      const d = `M${x - 18} ${y}H${x - 5}M${x + 5} ${y}H${x + 18}M${x} ${y - 18}V${y - 5}M${x} ${y + 5}V${y + 18}`;
      for (const className of ['hair back', 'hair']) make('path', { class: className, d }, this.svg);
      make('circle', { class: 'hair', cx: x, cy: y, r: 1.5 }, this.svg);
    }
  };
})((window.twinMapKit = window.twinMapKit || {}));
