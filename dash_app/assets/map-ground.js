/* Builds the meshes that lie flat on the ground: areas from triangles, lines as ribbons with round ends. */
(function (kit) {
  'use strict';

  const SPLIT = 0.87; // cosine of the turn (30 degrees) beyond which a joint is rounded, not mitred

  /* A mesh that grows: one corner is x, y, offset x, offset y (in half widths), paint, row. */
  class Mesh {
    constructor() {
      this.corners = [];
      this.indices = [];
      this.count = 0;
      this.wide = 1; // of the usual width
      this.along = null; // metres from the start of the line, in place of a paint
    }

    corner(x, y, ox, oy, paint, row) {
      this.corners.push(x, y, ox * this.wide, oy * this.wide, this.along ?? paint, row);
      return this.count++;
    }

    done() {
      return {
        corners: Float32Array.from(this.corners),
        indices: Uint32Array.from(this.indices),
      };
    }
  }

  kit.areaMesh = function ({ header, columns }) {
    const { area_code, area_rings, area_points, area_xy, area_triangles, area_corners } = columns;
    const step = header.xy_step, points = area_xy.length / 2;
    const corners = new Float32Array(points * 6);
    const indices = new Uint32Array(area_corners.length);
    let point = 0, ring = 0, used = 0;
    for (let i = 0; i < area_code.length; i++) {
      const first = point;
      for (let r = 0; r < area_rings[i]; r++, ring++) {
        for (let k = 0; k < area_points[ring]; k++, point++) {
          corners.set([area_xy[2 * point] * step, area_xy[2 * point + 1] * step, 0, 0, area_code[i], -1], 6 * point);
        }
      }
      for (let t = 0; t < 3 * area_triangles[i]; t++, used++) indices[used] = first + area_corners[used];
    }
    return { corners, indices };
  };

  /* Adds the outlines of areas of one paint, as thin lines of another. */
  kit.shoreMesh = function ({ header, columns }, water, shore) {
    const { area_code, area_rings, area_points, area_xy } = columns;
    const mesh = new Mesh(), step = header.xy_step;
    let point = 0, ring = 0;
    for (let i = 0; i < area_code.length; i++) {
      for (let r = 0; r < area_rings[i]; r++, ring++) {
        const n = area_points[ring];
        if (area_code[i] === water) {
          const xy = new Float64Array(2 * (n + 1));
          for (let k = 0; k <= n; k++) {
            const p = point + (k % n);
            xy[2 * k] = area_xy[2 * p] * step;
            xy[2 * k + 1] = area_xy[2 * p + 1] * step;
          }
          ribbon(mesh, xy, shore, -1, false);
        }
        point += n;
      }
    }
    return mesh.done();
  };

  function clean(xy) {
    const out = [];
    for (let i = 0; i < xy.length; i += 2) {
      const n = out.length;
      if (!n || Math.hypot(xy[i] - out[n - 2], xy[i + 1] - out[n - 1]) > 0.05) out.push(xy[i], xy[i + 1]);
    }
    return out;
  }

  /* Half a circle of corners at an end; `sx, sy` points out of the line. */
  function cap(mesh, x, y, sx, sy, left, right, paint, row) {
    const a = mesh.corner(x, y, -sy * 0.6 + sx * 0.8, sx * 0.6 + sy * 0.8, paint, row);
    const b = mesh.corner(x, y, sy * 0.6 + sx * 0.8, -sx * 0.6 + sy * 0.8, paint, row);
    mesh.indices.push(left, right, b, left, b, a);
  }

  /* The rounded outside of a sharp joint. */
  function fan(mesh, x, y, ax, ay, bx, by, pairs, paint, row) {
    const middle = mesh.corner(x, y, 0, 0, paint, row);
    const left = ax * by - ay * bx < 0; // turning right opens a gap on the left
    const sign = left ? 1 : -1;
    const mx = ax + bx, my = ay + by, l = Math.hypot(mx, my) || 1;
    const tip = mesh.corner(x, y, (-my / l) * sign, (mx / l) * sign, paint, row);
    const [from, to] = left ? [pairs[0], pairs[2]] : [pairs[1], pairs[3]];
    mesh.indices.push(middle, from, tip, middle, tip, to);
  }

  /* One line as a ribbon: gentle bends share two corners, sharp ones are cut and rounded. */
  function ribbon(mesh, raw, paint, row, caps = true) {
    const xy = clean(raw), n = xy.length / 2;
    if (n < 2) return;
    const pair = (i, nx, ny) => [
      mesh.corner(xy[2 * i], xy[2 * i + 1], nx, ny, paint, row),
      mesh.corner(xy[2 * i], xy[2 * i + 1], -nx, -ny, paint, row),
    ];
    let [dx, dy] = direction(xy, 0);
    let [left, right] = pair(0, -dy, dx);
    if (caps) cap(mesh, xy[0], xy[1], -dx, -dy, right, left, paint, row);
    for (let i = 1; i < n; i++) {
      const last = i === n - 1;
      if (mesh.along !== null) mesh.along += Math.hypot(xy[2 * i] - xy[2 * i - 2], xy[2 * i + 1] - xy[2 * i - 1]);
      const [ex, ey] = last ? [dx, dy] : direction(xy, i);
      const cosine = dx * ex + dy * ey;
      const grow = last || cosine < SPLIT ? 1 : 1 / Math.sqrt((1 + cosine) / 2);
      const bend = !last && cosine < SPLIT;
      const mx = bend ? dx : dx + ex, my = bend ? dy : dy + ey, l = Math.hypot(mx, my) || 1;
      const [l2, r2] = pair(i, (-my / l) * grow, (mx / l) * grow);
      mesh.indices.push(left, right, r2, left, r2, l2);
      [left, right] = [l2, r2];
      if (bend) {
        const [l3, r3] = pair(i, -ey, ex);
        fan(mesh, xy[2 * i], xy[2 * i + 1], dx, dy, ex, ey, [l2, r2, l3, r3], paint, row);
        [left, right] = [l3, r3];
      }
      [dx, dy] = [ex, ey];
    }
    if (caps) cap(mesh, xy[2 * n - 2], xy[2 * n - 1], dx, dy, left, right, paint, row);
  }

  function direction(xy, i) {
    const dx = xy[2 * i + 2] - xy[2 * i], dy = xy[2 * i + 3] - xy[2 * i + 1], l = Math.hypot(dx, dy);
    return [dx / l, dy / l];
  }

  /* The lines of one kind (`streets`, `railways`, `waterways`) as `{row, code, flags, xy}`. */
  kit.linesOf = function ({ header, columns }, kind) {
    const [row, code, flags, points, xy] =
      ['row', 'code', 'flags', 'points', 'xy'].map((name) => columns[`${kind}_${name}`]);
    const lines = [];
    let at = 0;
    for (let i = 0; i < row.length; i++) {
      const part = new Float64Array(2 * points[i]);
      for (let k = 0; k < part.length; k++) part[k] = xy[2 * at + k] * header.xy_step;
      at += points[i];
      lines.push({ row: row[i], code: code[i], flags: flags[i], xy: part });
    }
    return lines;
  };

  /* Ribbons of lines `{xy, code, row, wide}`; with `measured` they carry the metres along them. */
  kit.lineMesh = function (lines, measured = false) {
    const mesh = new Mesh();
    for (const line of lines) {
      if (measured) mesh.along = 0;
      mesh.wide = line.wide || 1;
      ribbon(mesh, line.xy, line.code, line.row);
    }
    return mesh.done();
  };
})((self.twinMapKit = self.twinMapKit || {}));
