/* Measured roofs: planes as they lie in space, and walls below every edge that no other plane shares. */
(function (kit) {
  'use strict';

  const LEVEL = 0.985; // upward part of a normal from which a plane counts as flat (10 degrees)
  const CREASE = 0.998; // cosine between two planes that are one to the eye
  const LEAST = 0.02; // metres; shorter edges and lower walls are not worth a face

  /* Reads the planes of a tile building by building, in the order of its footprints. */
  kit.planeReader = function ({ header, columns }) {
    const { planes, plane_rings, plane_points, corners, vertices, vertex_point, vertex_z, roof_points, roof_xy } = columns;
    if (!planes) return { has: () => 0 };
    const xyStep = header.xy_step, zStep = header.roof_z_step;
    const bare = new Set(columns.out);
    const below = belowOf(columns, xyStep, zStep);
    let plane = 0, ring = 0, corner = 0, vertex = 0, extra = 0, building = 0;

    /* `points`: where the building's footprint begins in `xy`, `count`: how many points it has. */
    const read = (i, row, xy, start, count) => {
      const n = vertices[building], xyz = new Float64Array(3 * n);
      for (let k = 0; k < n; k++, vertex++) {
        const p = vertex_point[vertex], own = p < count;
        const at = own ? 2 * (start + p) : 2 * (extra + p - count), from = own ? xy : roof_xy;
        xyz.set([from[at] * xyStep, from[at + 1] * xyStep, vertex_z[vertex] * zStep], 3 * k);
      }
      extra += roof_points[building++];
      const faces = [];
      for (let k = 1; k < planes[i]; k++, plane++) {
        const rings = [];
        for (let r = 0; r < plane_rings[plane]; r++, ring++) {
          const end = corner + plane_points[ring];
          rings.push({ first: corner, numbers: corners.subarray(corner, end) });
          corner = end;
        }
        faces.push({ rings, normal: upward(xyz, rings[0].numbers) });
      }
      return { xyz, faces, bare, below: below.get(row) || [] };
    };
    return { has: (i) => planes[i], read };
  };

  /* Walls below roofs that reach out, by building: [ax, ay, bx, by, az, bz]. */
  function belowOf({ under_row = [], under_xy, under_z }, xyStep, zStep) {
    const found = new Map();
    under_row.forEach((row, i) => {
      const wall = [0, 1, 2, 3].map((k) => under_xy[4 * i + k] * xyStep);
      wall.push(under_z[2 * i] * zStep, under_z[2 * i + 1] * zStep);
      if (!found.has(row)) found.set(row, []);
      found.get(row).push(wall);
    });
    return found;
  }

  /* Newell's normal of a ring; points need not lie in one plane exactly. */
  function upward(xyz, numbers) {
    let [x, y, z] = [0, 0, 0];
    for (let k = 0, n = numbers.length; k < n; k++) {
      const a = 3 * numbers[k], b = 3 * numbers[(k + 1) % n];
      x += (xyz[a + 1] - xyz[b + 1]) * (xyz[a + 2] + xyz[b + 2]);
      y += (xyz[a + 2] - xyz[b + 2]) * (xyz[a] + xyz[b]);
      z += (xyz[a] - xyz[b]) * (xyz[a + 1] + xyz[b + 1]);
    }
    const l = Math.hypot(x, y, z) || 1;
    return z < 0 ? [-x / l, -y / l, -z / l] : [x / l, y / l, z / l];
  }

  /* The mesh of one building with planes; `base` is the height of its foot. Returns its top. */
  kit.realRoof = function (out, { xyz, faces, bare, below }, base) {
    const n = xyz.length / 3, edges = new Map();
    faces.forEach(({ rings }, f) => rings.forEach(({ numbers }) => numbers.forEach((a, k) =>
      edges.set(a * n + numbers[(k + 1) % numbers.length], f))));
    const point = (v) => [xyz[3 * v], xyz[3 * v + 1], Math.max(xyz[3 * v + 2], base)];
    faces.forEach(({ rings, normal }, f) => {
      cover(out, rings, normal, point);
      for (const { first, numbers } of rings) {
        numbers.forEach((a, k) => {
          const b = numbers[(k + 1) % numbers.length], other = edges.get(b * n + a);
          if (other === undefined) rim(out, point(a), point(b), base, bare.has(first + k));
          else if (other > f && dot(normal, faces[other].normal) < CREASE) out.line(point(a), point(b));
        });
      }
    });
    for (const [ax, ay, bx, by, az, bz] of below) out.wall([ax, ay, az], [bx, by, bz], base);
    let top = base;
    for (let v = 2; v < xyz.length; v += 3) top = Math.max(top, xyz[v]);
    return top;
  };

  const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

  function rim(out, a, b, base, isBare) {
    if (Math.hypot(b[0] - a[0], b[1] - a[1]) < LEAST) return;
    if (!isBare && Math.max(a[2], b[2]) - base > LEAST) out.wall(a, b, base);
    out.line(a, b);
  }

  function cover(out, rings, normal, point) {
    const first = out.positions.length / 3, xy = [], loops = [];
    const kind = normal[2] > LEVEL ? kit.surface.flat : kit.surface.pitched;
    for (const { numbers } of rings) {
      loops.push(Array.from(numbers, (v) => {
        const [x, y, z] = point(v);
        xy.push(x, y);
        out.vertex(x, y, z, normal, kind);
        return xy.length / 2 - 1;
      }));
    }
    const corners = kit.triangulate(xy, loops);
    for (let i = 0; i < corners.length; i += 3) {
      out.indices.push3(first + corners[i], first + corners[i + 1], first + corners[i + 2]);
    }
  }
})((self.twinMapKit = self.twinMapKit || {}));
