/* What lies under the pointer, worked out on the processor: no second drawing pass for a hover. */
(function (kit) {
  'use strict';

  /* The line of sight through a pixel, in frame metres: a point on the ground and one above it. */
  kit.rayThrough = function (viewport, frame, [x, y]) {
    const at = (z) => [...frame.metres(viewport.unproject([x, y], { targetZ: z })), z];
    const low = at(0), high = at(100);
    return { low, step: high.map((value, i) => (value - low[i]) / 100) }; // by metre of height
  };

  const atHeight = ({ low, step }, z) => [low[0] + step[0] * z, low[1] + step[1] * z];

  /* Whether the stretch of the ray below `top` can pass over the box. */
  function near(ray, box, top) {
    const [ax, ay] = ray.low, [bx, by] = atHeight(ray, top);
    return Math.max(ax, bx) >= box[0] && Math.min(ax, bx) <= box[2] && Math.max(ay, by) >= box[1] && Math.min(ay, by) <= box[3];
  }

  /* Height at which the ray meets triangle a b c, or null. */
  function meets(ray, p, a, b, c) {
    const d = ray.step;
    const e1 = [p[b] - p[a], p[b + 1] - p[a + 1], p[b + 2] - p[a + 2]];
    const e2 = [p[c] - p[a], p[c + 1] - p[a + 1], p[c + 2] - p[a + 2]];
    const h = [d[1] * e2[2] - d[2] * e2[1], d[2] * e2[0] - d[0] * e2[2], d[0] * e2[1] - d[1] * e2[0]];
    const det = e1[0] * h[0] + e1[1] * h[1] + e1[2] * h[2];
    if (Math.abs(det) < 1e-9) return null;
    const s = [ray.low[0] - p[a], ray.low[1] - p[a + 1], ray.low[2] - p[a + 2]];
    const u = (s[0] * h[0] + s[1] * h[1] + s[2] * h[2]) / det;
    if (u < -1e-6 || u > 1 + 1e-6) return null;
    const q = [s[1] * e1[2] - s[2] * e1[1], s[2] * e1[0] - s[0] * e1[2], s[0] * e1[1] - s[1] * e1[0]];
    const v = (d[0] * q[0] + d[1] * q[1] + d[2] * q[2]) / det;
    if (v < -1e-6 || u + v > 1 + 1e-6) return null;
    return (e2[0] * q[0] + e2[1] * q[1] + e2[2] * q[2]) / det;
  }

  /* The building the ray meets first, i.e. highest: `{row, z}`. */
  kit.pickBuilding = function (ray, tiles) {
    let best = null;
    for (const { solid } of tiles) {
      const { bodyRows, bodyFirst, bodyBox, bodyTop, indices, positions } = solid;
      for (let body = 0; body < (bodyRows?.length || 0); body++) {
        if (!near(ray, bodyBox.subarray(4 * body, 4 * body + 4), bodyTop[body])) continue;
        const last = body + 1 < bodyRows.length ? bodyFirst[body + 1] : indices.length;
        for (let i = bodyFirst[body]; i < last; i += 3) {
          const z = meets(ray, positions, 3 * indices[i], 3 * indices[i + 1], 3 * indices[i + 2]);
          if (z !== null && z > -0.5 && (!best || z > best.z)) best = { row: bodyRows[body], z };
        }
      }
    }
    return best;
  };

  /* The nearest street within `reach` metres (or metres by row) of a point on the ground: `{row, away, xy}`. */
  kit.pickStreet = function ([x, y], tiles, within, seen = null) {
    let best = null;
    for (const { lines: { rows, starts, xy } } of tiles) {
      for (let line = 0; line < rows.length; line++) {
        if (seen && !seen(rows[line])) continue;
        const reach = typeof within === 'function' ? within(rows[line]) : within;
        for (let i = starts[line]; i + 3 < starts[line + 1]; i += 2) {
          const away = distance(x, y, xy[i], xy[i + 1], xy[i + 2], xy[i + 3]);
          if (away < reach && (!best || away < best.away)) {
            best = { row: rows[line], away, xy: xy.subarray(starts[line], starts[line + 1]) };
          }
        }
      }
    }
    return best;
  };

  /* The nearest end of a street within `reach` metres: `{at, row, away}`. */
  kit.nearestEnd = function ([x, y], tiles, reach) {
    let best = null;
    for (const { lines: { rows, starts, xy } } of tiles) {
      for (let line = 0; line < rows.length; line++) {
        for (const i of [starts[line], starts[line + 1] - 2]) {
          const away = Math.hypot(xy[i] - x, xy[i + 1] - y);
          if (away < reach && (!best || away < best.away)) best = { at: [xy[i], xy[i + 1]], row: rows[line], away };
        }
      }
    }
    return best;
  };

  /* The place on a line nearest to a point. */
  kit.nearestOn = function ([x, y], xy) {
    let best = [xy[0], xy[1]], least = Infinity;
    for (let i = 0; i + 3 < xy.length; i += 2) {
      const dx = xy[i + 2] - xy[i], dy = xy[i + 3] - xy[i + 1], l = dx * dx + dy * dy;
      const f = l ? Math.min(Math.max(((x - xy[i]) * dx + (y - xy[i + 1]) * dy) / l, 0), 1) : 0;
      const at = [xy[i] + f * dx, xy[i + 1] + f * dy], away = Math.hypot(at[0] - x, at[1] - y);
      if (away < least) [best, least] = [at, away];
    }
    return best;
  };

  /* Rows of a table whose middle lies within a ring of [x, y], among the tiles that are drawn. */
  kit.rowsWithin = function (table, ring, store, stops) {
    const found = new Set(), box = [0, 1].flatMap((k) => [Math.min(...ring.map((p) => p[k])), Math.max(...ring.map((p) => p[k]))]);
    const take = (row, x, y) => {
      if (x >= box[0] && x <= box[1] && y >= box[2] && y <= box[3] && kit.inRing([x, y], ring)) found.add(row);
    };
    const kind = table === 'streets' ? 'ground' : `overlay/${table}`;
    if (table === 'stops') stops.forEach(([x, y, row]) => take(row, x, y));
    else if (table === 'buildings') for (const { solid } of [...store.drawn('near'), ...store.drawn('far')]) bodies(solid, take);
    else {
      for (const { lines, rings } of store.drawn(kind)) {
        const { rows, areaOf, starts, xy } = lines || rings;
        for (let i = 0; i + 1 < starts.length; i++) middle(xy.subarray(starts[i], starts[i + 1]), areaOf ? rows[areaOf[i]] : rows[i], Boolean(areaOf), take);
      }
    }
    return [...found];
  };

  function bodies({ bodyRows, bodyBox, rows, positions }, take) {
    if (bodyRows) bodyRows.forEach((row, i) => take(row, (bodyBox[4 * i] + bodyBox[4 * i + 2]) / 2, (bodyBox[4 * i + 1] + bodyBox[4 * i + 3]) / 2));
    else for (let i = 0; i < rows.length; i += 4) take(rows[i], (positions[3 * i] + positions[3 * i + 6]) / 2, (positions[3 * i + 1] + positions[3 * i + 7]) / 2);
  }

  /* Of an area the middle of its corners, of a line a point halfway. */
  function middle(xy, row, isArea, take) {
    const n = xy.length / 2;
    if (!isArea) return take(row, (xy[2 * Math.floor((n - 1) / 2)] + xy[2 * Math.ceil((n - 1) / 2)]) / 2, (xy[2 * Math.floor((n - 1) / 2) + 1] + xy[2 * Math.ceil((n - 1) / 2) + 1]) / 2);
    let x = 0, y = 0;
    for (let i = 0; i < n; i++) [x, y] = [x + xy[2 * i] / n, y + xy[2 * i + 1] / n];
    return take(row, x, y);
  }

  /* The prism the ray meets first: on its lid, or on a wall below; `heightOf` gives metres by row. */
  kit.pickPrism = function (ray, tiles, heightOf) {
    let best = null;
    const keep = (row, z) => {
      if (z >= 0 && (!best || z > best.z)) best = { row, z };
    };
    for (const { rings: { rows, areaOf, starts, xy } } of tiles) {
      const inside = new Map();
      for (let ring = 0; ring + 1 < starts.length; ring++) {
        const row = rows[areaOf[ring]], height = heightOf(row), [x, y] = atHeight(ray, height);
        const [gx, gy] = ray.low;
        let odd = inside.get(row)?.odd || false;
        for (let i = starts[ring], to = starts[ring + 1], j = to - 2; i < to; j = i, i += 2) {
          const [ax, ay, bx, by] = [xy[j], xy[j + 1], xy[i], xy[i + 1]];
          if (by > y !== ay > y && x < ((ax - bx) * (y - by)) / (ay - by) + bx) odd = !odd;
          const cut = crossing(gx, gy, x, y, ax, ay, bx, by);
          if (cut !== null) keep(row, cut * height);
        }
        inside.set(row, { odd, height });
      }
      for (const [row, { odd, height }] of inside) if (odd) keep(row, height);
    }
    return best;
  };

  /* Share of the way from p to q at which it crosses the stretch from a to b, or null. */
  function crossing(px, py, qx, qy, ax, ay, bx, by) {
    const dx = qx - px, dy = qy - py, ex = bx - ax, ey = by - ay, det = dx * ey - dy * ex;
    if (Math.abs(det) < 1e-9) return null;
    const t = ((ax - px) * ey - (ay - py) * ex) / det, u = ((ax - px) * dy - (ay - py) * dx) / det;
    return t >= 0 && t <= 1 && u >= 0 && u <= 1 ? t : null;
  }

  /* The tree whose crown the ray passes, the highest first: `{row, z}`. */
  kit.pickTree = function (ray, tiles) {
    let best = null;
    for (const { standing: { rows, places } } of tiles) {
      for (let i = 0; i < rows.length; i++) {
        const z = places[4 * i + 3] * 0.55;
        if (best && z <= best.z) continue;
        const [x, y] = atHeight(ray, z);
        if (Math.hypot(x - places[4 * i], y - places[4 * i + 1]) < places[4 * i + 2] * 0.45) best = { row: rows[i], z };
      }
    }
    return best;
  };

  /* The nearest of `points` ([x, y, row]) within `reach` metres. */
  kit.pickPoint = function ([x, y], points, reach) {
    let best = null;
    for (const [px, py, row] of points) {
      const away = Math.hypot(px - x, py - y);
      if (away < reach && (!best || away < best.away)) best = { row, away };
    }
    return best;
  };

  function distance(x, y, ax, ay, bx, by) {
    const dx = bx - ax, dy = by - ay, l = dx * dx + dy * dy;
    const f = l ? Math.min(Math.max(((x - ax) * dx + (y - ay) * dy) / l, 0), 1) : 0;
    return Math.hypot(ax + f * dx - x, ay + f * dy - y);
  }
})((window.twinMapKit = window.twinMapKit || {}));
