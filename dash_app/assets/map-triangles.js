/* Cuts rings with holes into triangles by clipping ears; made for footprints of some dozen points. */
(function (kit) {
  'use strict';

  const turn = (xy, a, b, c) =>
    (xy[2 * b] - xy[2 * a]) * (xy[2 * c + 1] - xy[2 * a + 1]) -
    (xy[2 * b + 1] - xy[2 * a + 1]) * (xy[2 * c] - xy[2 * a]);

  /* Whether point p lies inside or on the border of the anticlockwise triangle a b c. */
  const holds = (xy, a, b, c, p) =>
    turn(xy, a, b, p) >= 0 && turn(xy, b, c, p) >= 0 && turn(xy, c, a, p) >= 0;

  const same = (xy, a, b) => xy[2 * a] === xy[2 * b] && xy[2 * a + 1] === xy[2 * b + 1];

  const crosses = (xy, a, b, c, d) =>
    turn(xy, a, b, c) * turn(xy, a, b, d) < 0 && turn(xy, c, d, a) * turn(xy, c, d, b) < 0;

  const blocked = (xy, loop, a, b) => loop.some((c, k) => {
    const d = loop[(k + 1) % loop.length];
    return ![a, b].some((p) => same(xy, p, c) || same(xy, p, d)) && crosses(xy, a, b, c, d);
  });

  /* Joins a hole to the outer loop over the shortest bridge that crosses nothing. */
  function bridge(xy, loop, hole) {
    const pairs = [];
    for (let i = 0; i < loop.length; i++) {
      for (let j = 0; j < hole.length; j++) {
        const dx = xy[2 * loop[i]] - xy[2 * hole[j]];
        const dy = xy[2 * loop[i] + 1] - xy[2 * hole[j] + 1];
        pairs.push([dx * dx + dy * dy, i, j]);
      }
    }
    pairs.sort((p, q) => p[0] - q[0]);
    const [, i, j] = pairs.find(([, p, q]) =>
      !blocked(xy, loop, loop[p], hole[q]) && !blocked(xy, hole, loop[p], hole[q])) || pairs[0];
    const around = [...hole.slice(j), ...hole.slice(0, j + 1)];
    return [...loop.slice(0, i + 1), ...around, ...loop.slice(i)];
  }

  function isEar(xy, loop, k) {
    const n = loop.length;
    const a = loop[(k + n - 1) % n], b = loop[k], c = loop[(k + 1) % n];
    if (turn(xy, a, b, c) <= 0) return false;
    return !loop.some((p) =>
      p !== a && p !== b && p !== c && !same(xy, p, a) && !same(xy, p, b) && !same(xy, p, c) &&
      holds(xy, a, b, c, p));
  }

  /* `rings`: lists of point numbers, the outer one anticlockwise, holes clockwise; `xy`: flat points.
     Returns triples of point numbers. A ring that crosses itself gives something, never a hang. */
  kit.triangulate = function (xy, rings) {
    let loop = rings.slice(1).reduce((joined, hole) => bridge(xy, joined, hole), rings[0].slice());
    const out = [];
    let k = 0, misses = 0;
    while (loop.length > 3) {
      const n = loop.length;
      if (isEar(xy, loop, k % n) || misses > n) {
        const at = k % n;
        if (misses <= n) out.push(loop[(at + n - 1) % n], loop[at], loop[(at + 1) % n]);
        loop.splice(at, 1);
        misses = 0;
        k = at; // skipping one neighbour gives rounder triangles
      } else {
        misses++;
        k++;
      }
    }
    if (loop.length === 3 && turn(xy, ...loop) > 0) out.push(...loop);
    return out;
  };
})((self.twinMapKit = self.twinMapKit || {}));
