/* What is laid over the ground: areas with borders, transit lines, the shaded relief; and finding them. */
(function (kit) {
  'use strict';

  /* Borders as thin ribbons, and a fill that values may colour. */
  function areas({ header, columns }) {
    const { area_row, area_rings, area_points, area_xy, area_triangles, area_corners } = columns;
    const { xy_step: step, paint } = header, points = area_xy.length / 2;
    const corners = new Float32Array(points * 6), indices = new Uint32Array(area_corners?.length || 0);
    const lines = [], xy = Float32Array.from(area_xy, (value) => value * step);
    const starts = new Uint32Array(area_points.length + 1), areaOf = new Uint32Array(area_points.length);
    let point = 0, ring = 0, used = 0;
    for (let i = 0; i < area_row.length; i++) {
      const first = point;
      for (let r = 0; r < area_rings[i]; r++, ring++) {
        const n = area_points[ring], closed = new Float64Array(2 * n + 2);
        for (let k = 0; k < n; k++, point++) {
          corners.set([xy[2 * point], xy[2 * point + 1], 0, 0, paint, area_row[i]], 6 * point);
          closed.set([xy[2 * point], xy[2 * point + 1]], 2 * k);
        }
        closed.set([closed[0], closed[1]], 2 * n);
        lines.push({ xy: closed, code: paint, row: -1 });
        starts[ring + 1] = 2 * point;
        areaOf[ring] = i;
      }
      if (indices.length) for (let t = 0; t < 3 * area_triangles[i]; t++, used++) indices[used] = first + area_corners[used];
    }
    return {
      overlay: { edge: kit.lineMesh(lines), ...(indices.length && { fill: { corners, indices } }) },
      rings: { rows: Uint32Array.from(area_row), areaOf, starts, xy },
    };
  }

  /* Lines in their own colours and widths; those without take the paint's. */
  function lines({ header, columns }) {
    const { line_row, line_width, line_colour, line_points, line_xy } = columns;
    const colours = new Uint8Array(4 * header.rows), found = [];
    let at = 0;
    for (let i = 0; i < line_row.length; i++) {
      const xy = new Float64Array(2 * line_points[i]);
      for (let k = 0; k < xy.length; k++) xy[k] = line_xy[2 * at + k] * header.xy_step;
      at += line_points[i];
      found.push({ xy, code: header.paint, row: line_row[i], wide: line_width[i] * header.width_step });
      const own = line_colour[i];
      if (own >= 0) colours.set([own >> 16, (own >> 8) & 255, own & 255, 255], 4 * line_row[i]);
    }
    return { overlay: { edge: kit.lineMesh(found) }, colours, lines: kit.flatLines(found) };
  }

  kit.readOverlay = (part) => (part.header.kind === 'lines' ? lines(part) : areas(part));

  /* Grey values as bytes, and the net they are laid on: x, y, place in the picture. */
  kit.readTerrain = function ({ header, columns }) {
    const { width, height, mesh, step } = header;
    const corners = new Float32Array(4 * mesh * mesh), indices = [];
    for (let i = 0; i < mesh * mesh; i++) {
      const column = i % mesh, row = Math.floor(i / mesh);
      corners.set([columns.xy[2 * i], columns.xy[2 * i + 1], column / (mesh - 1), row / (mesh - 1)], 4 * i);
      if (column + 1 < mesh && row + 1 < mesh) indices.push(i, i + mesh, i + mesh + 1, i, i + mesh + 1, i + 1);
    }
    const grey = Uint8Array.from(columns.grey, (value) => value * step);
    return { relief: { width, height, grey, corners, indices: Uint32Array.from(indices) } };
  };

  /* The area around a point of the ground: `{row}` or null. */
  kit.pickArea = function ([x, y], tiles) {
    for (const { rings: { rows, areaOf, starts, xy } } of tiles) {
      const inside = new Map(); // crossings of a line to the east, by area: holes take theirs away
      for (let ring = 0; ring + 1 < starts.length; ring++) {
        const from = starts[ring], to = starts[ring + 1];
        let odd = false;
        for (let i = from, j = to - 2; i < to; j = i, i += 2) {
          if (xy[i + 1] > y !== xy[j + 1] > y && x < ((xy[j] - xy[i]) * (y - xy[i + 1])) / (xy[j + 1] - xy[i + 1]) + xy[i]) odd = !odd;
        }
        if (odd) inside.set(areaOf[ring], !inside.get(areaOf[ring]));
      }
      for (const [area, is] of inside) if (is) return { row: rows[area] };
    }
    return null;
  };
})((self.twinMapKit = self.twinMapKit || {}));
