/* Roof shapes. A pitched roof is the lowest of a few planes over the footprint: two make a gable,
   four a hip, eight a mansard. `s` runs along the house, `t` across; `z` counts from the eaves. */
(function (kit) {
  'use strict';

  /* The smallest rectangle around a ring: middle, unit vector of the long side, half sides, fill. */
  kit.rectangle = function (ring) {
    const n = ring.length / 2;
    const edges = [];
    for (let i = 0; i < n; i++) {
      const j = (i + 1) % n, dx = ring[2 * j] - ring[2 * i], dy = ring[2 * j + 1] - ring[2 * i + 1];
      const l = Math.hypot(dx, dy);
      if (l > 0.2) edges.push([l, dx / l, dy / l]);
    }
    edges.sort((a, b) => b[0] - a[0]);
    let best = null;
    for (const [, ux, uy] of edges.slice(0, 8)) {
      let s0 = Infinity, s1 = -Infinity, t0 = Infinity, t1 = -Infinity;
      for (let i = 0; i < n; i++) {
        const s = ring[2 * i] * ux + ring[2 * i + 1] * uy, t = ring[2 * i + 1] * ux - ring[2 * i] * uy;
        if (s < s0) s0 = s;
        if (s > s1) s1 = s;
        if (t < t0) t0 = t;
        if (t > t1) t1 = t;
      }
      const size = (s1 - s0) * (t1 - t0);
      if (!best || size < best.size - 1e-6) best = { size, ux, uy, s0, s1, t0, t1 };
    }
    if (!best) return null;
    const { ux, uy, s0, s1, t0, t1, size } = best;
    const s = (s0 + s1) / 2, t = (t0 + t1) / 2;
    const box = { x: s * ux - t * uy, y: s * uy + t * ux, ux, uy, L: (s1 - s0) / 2, W: (t1 - t0) / 2 };
    box.fill = Math.abs(kit.area(ring)) / size;
    return box.L >= box.W ? box : { ...box, ux: -uy, uy: ux, L: box.W, W: box.L };
  };

  kit.area = function (ring) {
    let twice = 0;
    for (let i = 0, n = ring.length, j = n - 2; i < n; j = i, i += 2) {
      twice += (ring[j] - ring[0]) * (ring[i + 1] - ring[1]) - (ring[i] - ring[0]) * (ring[j + 1] - ring[1]);
    }
    return twice / 2;
  };

  /* Turns the box so that water runs along `t`, where the source tells the direction of the slope. */
  kit.facing = function (box, degrees) {
    if (degrees === null) return box;
    const dx = Math.sin((degrees * Math.PI) / 180), dy = Math.cos((degrees * Math.PI) / 180);
    const along = dx * box.ux + dy * box.uy, across = dy * box.ux - dx * box.uy;
    const turned = Math.abs(along) > Math.abs(across)
      ? { ...box, ux: -box.uy, uy: box.ux, L: box.W, W: box.L } : box;
    const down = dy * turned.ux - dx * turned.uy;
    return down < 0 ? { ...turned, ux: -turned.ux, uy: -turned.uy } : turned;
  };

  const both = (b, c) => [[0, -b, c], [0, b, c]];
  const ends = (a, c) => [[-a, 0, c], [a, 0, c]];

  /* Planes [a, b, c] with z = a s + b t + c for each shape; all are concave, so the lowest counts. */
  const SHAPES = {
    gabled: ({ W }, h) => both(h / W, h),
    hipped: ({ L, W }, h) => {
      const run = Math.min(W, L * 0.9);
      return [...both(h / W, h), ...ends(h / run, (h * L) / run)];
    },
    half_hipped: ({ L, W }, h) => {
      const run = W * 0.55;
      return [...both(h / W, h), ...ends((0.5 * h) / run, (0.5 * h * L) / run + 0.5 * h)];
    },
    skillion: ({ W }, h) => [[0, -h / (2 * W), h / 2]],
    saltbox: ({ W }, h) => [[0, -h / (1.4 * W), h * (1 / 1.4)], [0, h / (0.6 * W), h / 0.6]],
    gambrel: ({ W }, h) => [...both((1.6 * h) / W, 1.6 * h), ...both((0.55 * h) / W, h)],
    mansard: ({ L, W }, h) => {
      const steep = (0.75 * h) / (0.28 * W), flat = (0.25 * h) / (0.72 * W);
      return [...both(steep, steep * W), ...ends(steep, steep * L), ...both(flat, h)];
    },
    round: ({ W }, h) => [0.12, 0.5, 0.85].flatMap((at) => {
      const rise = Math.sqrt(1 - at * at), slope = (h / W) * (at / rise);
      return both(slope, h * rise + slope * at * W);
    }),
  };

  kit.planesOf = (shape, box, height) => (SHAPES[shape] || SHAPES.gabled)(box, height);

  kit.lowest = function (planes, s, t) {
    let z = Infinity;
    for (const [a, b, c] of planes) z = Math.min(z, a * s + b * t + c);
    return z;
  };

  /* Cuts a polygon (flat s, t) to the side where plane `keep` is not above plane `other`. */
  function cut(polygon, keep, other) {
    const a = keep[0] - other[0], b = keep[1] - other[1], c = keep[2] - other[2];
    const out = [], n = polygon.length;
    for (let i = 0; i < n; i += 2) {
      const j = (i + 2) % n;
      const here = a * polygon[i] + b * polygon[i + 1] + c, next = a * polygon[j] + b * polygon[j + 1] + c;
      if (here <= 0) out.push(polygon[i], polygon[i + 1]);
      if ((here < 0 && next > 0) || (here > 0 && next < 0)) {
        const f = here / (here - next);
        out.push(polygon[i] + f * (polygon[j] - polygon[i]), polygon[i + 1] + f * (polygon[j + 1] - polygon[i + 1]));
      }
    }
    return out;
  }

  /* The piece of the footprint under each plane, empty where another plane is always lower. */
  kit.pieces = (planes, polygon) => planes.map((plane, i) =>
    planes.reduce((piece, other, j) =>
      (i === j || piece.length < 6 ? piece : cut(piece, plane, other)), polygon));

  /* Places between 0 and 1 on the edge p to q where the roof above it has a crease. */
  kit.creases = function (planes, p, q) {
    const found = [];
    for (let i = 0; i < planes.length; i++) {
      for (let j = i + 1; j < planes.length; j++) {
        const [a, b, c] = planes[i].map((value, k) => value - planes[j][k]);
        const from = a * p[0] + b * p[1] + c, to = a * q[0] + b * q[1] + c;
        if (from * to >= 0) continue;
        const f = from / (from - to), s = p[0] + f * (q[0] - p[0]), t = p[1] + f * (q[1] - p[1]);
        const z = planes[i][0] * s + planes[i][1] * t + planes[i][2];
        if (z < kit.lowest(planes, s, t) + 1e-3) found.push(f);
      }
    }
    return found.sort((x, y) => x - y);
  };

  /* A ring moved inwards by `by` (its solid lies to the left), or null where it would fold over. */
  kit.inset = function (ring, by) {
    const n = ring.length / 2, out = new Float64Array(ring.length);
    for (let i = 0; i < n; i++) {
      const [h, j] = [(i + n - 1) % n, (i + 1) % n];
      const [ax, ay] = unit(ring, h, i), [bx, by2] = unit(ring, i, j);
      const grow = by / Math.max(1 + ax * bx + ay * by2, 0.3);
      out[2 * i] = ring[2 * i] - (ay + by2) * grow;
      out[2 * i + 1] = ring[2 * i + 1] + (ax + bx) * grow;
    }
    for (let i = 0; i < n; i++) {
      const j = (i + 1) % n;
      const dx = out[2 * j] - out[2 * i], dy = out[2 * j + 1] - out[2 * i + 1];
      if (dx * (ring[2 * j] - ring[2 * i]) + dy * (ring[2 * j + 1] - ring[2 * i + 1]) < 0) return null;
    }
    return out;
  };

  function unit(ring, i, j) {
    const dx = ring[2 * j] - ring[2 * i], dy = ring[2 * j + 1] - ring[2 * i + 1], l = Math.hypot(dx, dy) || 1;
    return [dx / l, dy / l];
  }
})((self.twinMapKit = self.twinMapKit || {}));
