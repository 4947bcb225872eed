/* Builds the mesh of a building tile: walls, roofs, eave and ridge lines, shade at the foot. */
(function (kit) {
  'use strict';

  const WALL = 0, PITCHED = 64, FLAT = 127; // kinds of surface, in the fourth place of a normal
  kit.surface = { wall: WALL, pitched: PITCHED, flat: FLAT };
  const SHADE_M = 5.5; // how far the soft shade at the foot reaches
  const NEAR_RECTANGLE = 0.86;

  /* A number array that grows by doubling. */
  class Bag {
    constructor(Type, size = 4096) {
      this.Type = Type;
      this.array = new Type(size);
      this.length = 0;
    }

    room(more) {
      if (this.length + more <= this.array.length) return;
      const grown = new this.Type(Math.max(this.array.length * 2, this.length + more));
      grown.set(this.array);
      this.array = grown;
    }

    push3(a, b, c) {
      this.room(3);
      const { array, length } = this;
      array[length] = a;
      array[length + 1] = b;
      array[length + 2] = c;
      this.length += 3;
    }

    push(a) {
      this.room(1);
      this.array[this.length++] = a;
    }

    push4(a, b, c, d) {
      this.push3(a, b, c);
      this.push(d);
    }

    done() {
      return this.array.slice(0, this.length);
    }
  }

  class Builder {
    constructor() {
      this.positions = new Bag(Float32Array);
      this.normals = new Bag(Int8Array);
      this.rows = new Bag(Float32Array);
      this.indices = new Bag(Uint32Array);
      this.edges = new Bag(Float32Array);
      this.shade = new Bag(Float32Array);
      this.shadeRows = new Bag(Float32Array);
      this.shadeIndices = new Bag(Uint32Array);
      this.bodyRows = new Bag(Uint32Array, 512);
      this.bodyFirst = new Bag(Uint32Array, 512); // first of its corners in `indices`
      this.bodyBox = new Bag(Float32Array, 2048); // west, south, east, north
      this.bodyTop = new Bag(Float32Array, 512);
      this.realRoofs = 0;
    }

    vertex(x, y, z, normal, kind) {
      this.positions.push3(x, y, z);
      this.normals.push4(127 * normal[0], 127 * normal[1], 127 * normal[2], kind);
      this.rows.push(this.row);
      return this.positions.length / 3 - 1;
    }

    /* A flat convex face of points [x, y, z], anticlockwise seen from outside. */
    face(points, normal, kind) {
      const first = this.vertex(...points[0], normal, kind);
      for (let i = 1; i < points.length; i++) this.vertex(...points[i], normal, kind);
      for (let i = 2; i < points.length; i++) this.indices.push3(first, first + i - 1, first + i);
    }

    /* A wall from `base` up to the edge from a to b, the house to its left. */
    wall(a, b, base) {
      const l = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
      const foot = [[a[0], a[1], base], [b[0], b[1], base]];
      this.face([...foot, b, a], [(b[1] - a[1]) / l, (a[0] - b[0]) / l, 0], WALL);
    }

    line(a, b) {
      this.edges.push3(...a);
      this.edges.push3(...b);
    }
  }

  const normalOf = (a, b, c) => {
    const [ux, uy, uz] = [b[0] - a[0], b[1] - a[1], b[2] - a[2]];
    const [vx, vy, vz] = [c[0] - a[0], c[1] - a[1], c[2] - a[2]];
    const n = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
    const l = Math.hypot(...n) || 1;
    return n.map((value) => value / l);
  };

  /* Walls of one ring; `top(x, y)` gives their height, `bends` the creases along an edge. */
  function walls(out, ring, base, top, bends) {
    const n = ring.length / 2;
    for (let i = 0; i < n; i++) {
      const j = (i + 1) % n;
      const [ax, ay, bx, by] = [ring[2 * i], ring[2 * i + 1], ring[2 * j], ring[2 * j + 1]];
      const l = Math.hypot(bx - ax, by - ay);
      if (l < 0.05) continue;
      const upper = [[bx, by, top(bx, by)]];
      for (const f of bends ? bends(ax, ay, bx, by).reverse() : []) {
        const x = ax + f * (bx - ax), y = ay + f * (by - ay);
        upper.push([x, y, top(x, y)]);
      }
      upper.push([ax, ay, top(ax, ay)]);
      out.face([[ax, ay, base], [bx, by, base], ...upper], [(by - ay) / l, (ax - bx) / l, 0], WALL);
      for (let k = 1; k < upper.length; k++) out.line(upper[k - 1], upper[k]);
    }
  }

  /* A lid over rings at one height. */
  function lid(out, rings, z, kind) {
    const xy = [], numbers = [];
    for (const ring of rings) {
      numbers.push(Array.from({ length: ring.length / 2 }, (_, k) => xy.length / 2 + k));
      for (const value of ring) xy.push(value);
    }
    const first = out.positions.length / 3;
    for (let i = 0; i < xy.length; i += 2) out.vertex(xy[i], xy[i + 1], z, [0, 0, 1], kind);
    const corners = kit.triangulate(xy, numbers);
    for (let i = 0; i < corners.length; i += 3) {
      out.indices.push3(first + corners[i], first + corners[i + 1], first + corners[i + 2]);
    }
  }

  function flat(out, body) {
    for (const ring of body.rings) walls(out, ring, body.base, () => body.top);
    lid(out, body.rings, body.top, FLAT);
  }

  /* Gables, hips and their kin over a near rectangle. */
  function planar(out, body, box) {
    const eave = body.top - body.roofHeight;
    const planes = kit.planesOf(body.shape, box, body.roofHeight);
    const local = (x, y) => {
      const dx = x - box.x, dy = y - box.y;
      return [dx * box.ux + dy * box.uy, dy * box.ux - dx * box.uy];
    };
    const top = (x, y) => eave + Math.max(kit.lowest(planes, ...local(x, y)), 0);
    walls(out, body.rings[0], body.base, top, (ax, ay, bx, by) =>
      kit.creases(planes, local(ax, ay), local(bx, by)));
    const polygon = [];
    for (let i = 0; i < body.rings[0].length; i += 2) polygon.push(...local(body.rings[0][i], body.rings[0][i + 1]));
    kit.pieces(planes, polygon).forEach((piece, i) => roofPiece(out, piece, i, planes, box, eave));
  }

  function roofPiece(out, piece, i, planes, box, eave) {
    if (piece.length < 6) return;
    const [a, b, c] = planes[i];
    const place = (s, t) => [
      box.x + s * box.ux - t * box.uy, box.y + s * box.uy + t * box.ux, eave + Math.max(a * s + b * t + c, 0)];
    const steep = Math.hypot(a, b, 1);
    const [ns, nt] = [-a / steep, -b / steep];
    const normal = [ns * box.ux - nt * box.uy, ns * box.uy + nt * box.ux, 1 / steep];
    const first = out.positions.length / 3, n = piece.length / 2;
    for (let k = 0; k < n; k++) out.vertex(...place(piece[2 * k], piece[2 * k + 1]), normal, PITCHED);
    const corners = kit.triangulate(piece, [Array.from({ length: n }, (_, k) => k)]);
    for (let k = 0; k < corners.length; k += 3) {
      out.indices.push3(first + corners[k], first + corners[k + 1], first + corners[k + 2]);
    }
    for (let k = 0; k < n; k++) {
      const [s, t, s2, t2] = [piece[2 * k], piece[2 * k + 1], piece[(2 * k + 2) % (2 * n)], piece[(2 * k + 3) % (2 * n)]];
      const [ms, mt] = [(s + s2) / 2, (t + t2) / 2], z = a * ms + b * mt + c;
      const ridge = planes.some(([d, e, f], j) => j > i && Math.abs(d * ms + e * mt + f - z) < 1e-3);
      if (ridge) out.line(place(s, t), place(s2, t2));
    }
  }

  /* Towers and turrets: every edge runs to one tip, over rings that follow a profile. */
  const PROFILES = {
    pyramidal: [[0, 0], [1, 1]],
    dome: [[0, 0], [0.13, 0.5], [0.45, 0.83], [1, 1]],
    onion: [[0, 0], [-0.12, 0.18], [-0.1, 0.34], [0.35, 0.58], [0.82, 0.78], [1, 1]],
  };

  function pointed(out, body) {
    const ring = body.rings[0], n = ring.length / 2, eave = body.top - body.roofHeight;
    let cx = 0, cy = 0;
    for (let i = 0; i < n; i++) {
      cx += ring[2 * i] / n;
      cy += ring[2 * i + 1] / n;
    }
    walls(out, ring, body.base, () => eave);
    const profile = PROFILES[body.shape];
    for (let k = 1; k < profile.length; k++) {
      const [[p, low], [q, high]] = [profile[k - 1], profile[k]];
      const at = (i, f, h) => [
        ring[2 * i] + (cx - ring[2 * i]) * f, ring[2 * i + 1] + (cy - ring[2 * i + 1]) * f, eave + body.roofHeight * h];
      for (let i = 0; i < n; i++) {
        const j = (i + 1) % n;
        const points = [at(i, p, low), at(j, p, low), at(j, q, high)];
        if (q < 1) points.push(at(i, q, high));
        out.face(points, normalOf(...points), PITCHED);
        if (body.shape === 'pyramidal' && n < 9) out.line(points[0], points[2]);
      }
    }
  }

  /* Odd shapes: the roof rises inwards from every edge to a flat top. False where it would fold. */
  function insetRoof(out, body) {
    const area = body.rings.reduce((sum, ring) => sum + kit.area(ring), 0);
    const around = body.rings.reduce((sum, ring) => sum + perimeter(ring), 0);
    let by = Math.min((0.8 * area) / around, body.roofHeight * 2), inner = null;
    for (let tries = 0; tries < 4 && !inner; tries++, by *= 0.6) {
      const moved = body.rings.map((ring) => kit.inset(ring, by));
      if (moved.every(Boolean) && kit.area(moved[0]) > 0) inner = moved;
    }
    if (!inner) return false;
    const eave = body.top - body.roofHeight;
    body.rings.forEach((ring, r) => {
      walls(out, ring, body.base, () => eave);
      const n = ring.length / 2;
      for (let i = 0; i < n; i++) {
        const j = (i + 1) % n;
        const low = [[ring[2 * i], ring[2 * i + 1], eave], [ring[2 * j], ring[2 * j + 1], eave]];
        const high = [[inner[r][2 * j], inner[r][2 * j + 1], body.top], [inner[r][2 * i], inner[r][2 * i + 1], body.top]];
        const normal = normalOf(low[0], low[1], high[0]);
        out.face([...low, ...high], normal[2] > 0 ? normal : [0, 0, 1], PITCHED);
        out.line(high[0], high[1]);
      }
    });
    lid(out, inner, body.top, PITCHED);
    return true;
  }

  function perimeter(ring) {
    let sum = 0;
    for (let i = 0, n = ring.length, j = n - 2; i < n; j = i, i += 2) {
      sum += Math.hypot(ring[i] - ring[j], ring[i + 1] - ring[j + 1]);
    }
    return sum;
  }

  /* A strip around the foot that fades outwards: x, y, strength. */
  function shade(out, ring) {
    const outer = kit.inset(ring, -SHADE_M) || kit.inset(ring, -SHADE_M / 3);
    if (!outer) return;
    const n = ring.length / 2, first = out.shade.length / 3;
    for (let i = 0; i < n; i++) {
      out.shade.push3(ring[2 * i], ring[2 * i + 1], 1);
      out.shade.push3(outer[2 * i], outer[2 * i + 1], 0);
      out.shadeRows.push(out.row);
      out.shadeRows.push(out.row);
    }
    for (let i = 0; i < n; i++) {
      const a = first + 2 * i, b = first + 2 * ((i + 1) % n);
      out.shadeIndices.push3(a, a + 1, b + 1);
      out.shadeIndices.push3(a, b + 1, b);
    }
  }

  function build(out, body) {
    if (body.roof) body.top = kit.realRoof(out, body.roof, body.base);
    else if (!body.roofed) estimated(out, body);
    if (body.base < 1) for (const ring of body.rings) shade(out, ring);
  }

  /* No plane is known: the roof follows from its shape in words. */
  function estimated(out, body) {
    const box = body.shape === 'flat' || body.roofHeight < 0.3 ? null : kit.rectangle(body.rings[0]);
    const alone = body.rings.length === 1;
    if (box && alone && body.shape in PROFILES) pointed(out, body);
    else if (box && alone && box.fill >= NEAR_RECTANGLE) planar(out, body, kit.facing(box, body.angle));
    else if (!box || body.shape === 'skillion' || !insetRoof(out, body)) flat(out, body);
  }

  const PITCH = 0.7; // rise over run where the source gives no roof height: 35 degrees

  function roofHeightOf(shape, given, rings, height) {
    if (shape === 'flat') return 0;
    const box = given > 0 ? null : kit.rectangle(rings[0]);
    return Math.min(given > 0 ? given : PITCH * (box ? box.W : 0), height * 0.85);
  }

  /* Every body of a tile as `{row, rings, base, top, shape, roofHeight, angle}`, one by one. Where the
     planes of its roof are known it has `roof`; `roofed` says that another body of the row carries them. */
  function* bodiesOf(part) {
    const { header, columns } = part;
    const { row, rings, points, xy, height, base, roof, roof_height, roof_angle } = columns;
    const planes = kit.planeReader(part);
    let ring = 0, point = 0;
    const pointsOfRow = (i) => { // of all its polygons
      let count = 0;
      for (let k = i, r = ring; k < row.length && row[k] === row[i]; k++) {
        for (const last = r + rings[k]; r < last; r++) count += points[r];
      }
      return count;
    };
    for (let i = 0; i < row.length; i++) {
      const own = [], known = planes.has(i);
      const real = known > 1 ? planes.read(i, row[i], xy, point, pointsOfRow(i)) : null;
      for (let r = 0; r < rings[i]; r++, ring++) {
        const line = new Float64Array(2 * points[ring]);
        for (let k = 0; k < line.length; k++) line[k] = xy[2 * point + k] * header.xy_step;
        point += points[ring];
        own.push(line);
      }
      const low = base[i] * header.z_step, top = Math.max(height[i] * header.z_step, low + 0.5);
      const word = header.roofs[roof[i]], shape = word === 'other' ? 'flat' : word;
      yield {
        row: row[i], rings: own, base: low, top, shape, roof: real, roofed: known === 1,
        roofHeight: roofHeightOf(shape, roof_height[i] * header.z_step, own, top - low),
        angle: roof_angle[i] === 255 ? null : roof_angle[i] * 2,
      };
    }
  }

  const DRAWN = [
    'positions', 'normals', 'rows', 'indices', 'edges', 'shade', 'shadeRows', 'shadeIndices',
    'bodyRows', 'bodyFirst', 'bodyBox', 'bodyTop'];

  /* The mesh of a decoded building tile, ready for the graphics card and for picking. */
  kit.buildingMesh = function (part) {
    const out = new Builder();
    for (const body of bodiesOf(part)) {
      out.row = body.row;
      out.bodyRows.push(body.row);
      out.bodyFirst.push(out.indices.length);
      const first = out.positions.length;
      build(out, body);
      out.bodyTop.push(body.top);
      out.bodyBox.push4(...(body.roof ? boxAround(out.positions, first) : boxOf(body.rings[0])));
      if (body.roof) out.realRoofs++;
    }
    return { ...Object.fromEntries(DRAWN.map((name) => [name, out[name].done()])), realRoofs: out.realRoofs };
  };

  /* The mesh of bodies that no table holds (what a measure builds): `{rings, top}`, flat roofs. */
  kit.plainMesh = function (bodies) {
    const out = new Builder();
    out.row = -1;
    for (const { rings, top } of bodies) {
      const turned = rings.map((ring, i) => (kit.area(ring) > 0 === (i === 0) ? ring : backwards(ring)));
      flat(out, { rings: turned, base: 0, top });
      for (const ring of turned) shade(out, ring);
    }
    return Object.fromEntries(DRAWN.map((name) => [name, out[name].done()]));
  };

  const backwards = (ring) => {
    const out = [];
    for (let i = ring.length - 2; i >= 0; i -= 2) out.push(ring[i], ring[i + 1]);
    return Float64Array.from(out);
  };

  /* Roofs may reach over the footprint; the box is that of all corners. */
  function boxAround({ array, length }, first) {
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    for (let i = first; i < length; i += 3) {
      box[0] = Math.min(box[0], array[i]);
      box[1] = Math.min(box[1], array[i + 1]);
      box[2] = Math.max(box[2], array[i]);
      box[3] = Math.max(box[3], array[i + 1]);
    }
    return box;
  }

  function boxOf(ring) {
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    for (let i = 0; i < ring.length; i += 2) {
      box[0] = Math.min(box[0], ring[i]);
      box[1] = Math.min(box[1], ring[i + 1]);
      box[2] = Math.max(box[2], ring[i]);
      box[3] = Math.max(box[3], ring[i + 1]);
    }
    return box;
  }

  /* The mesh of a far tile: one slanted lid for each building, no walls. */
  kit.farMesh = function ({ header, columns }) {
    const { row, xy, sides, height } = columns, step = header.xy_step, n = row.length;
    const positions = new Float32Array(12 * n), normals = new Int8Array(16 * n);
    const rows = new Float32Array(4 * n), indices = new Uint32Array(6 * n);
    for (let i = 0; i < n; i++) {
      const [x, y, z] = [xy[2 * i] * step, xy[2 * i + 1] * step, height[i] * header.z_step];
      const [ax, ay, bx, by] = [0, 1, 2, 3].map((k) => sides[4 * i + k] * step);
      positions.set([x, y, z, x + ax, y + ay, z, x + ax + bx, y + ay + by, z, x + bx, y + by, z], 12 * i);
      normals.set([0, 0, 127, FLAT, 0, 0, 127, FLAT, 0, 0, 127, FLAT, 0, 0, 127, FLAT], 16 * i);
      rows.fill(row[i], 4 * i, 4 * i + 4);
      indices.set([0, 1, 2, 0, 2, 3].map((k) => 4 * i + k), 6 * i);
    }
    return { positions, normals, rows, indices };
  };
})((self.twinMapKit = self.twinMapKit || {}));
