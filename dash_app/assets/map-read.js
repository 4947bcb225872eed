/* From a decoded part to the number arrays that are drawn and picked; runs in the worker or the page. */
(function (kit) {
  'use strict';

  function ground(part, codes) {
    const streets = kit.linesOf(part, 'streets'), rails = kit.linesOf(part, 'railways');
    const isPath = ({ code }) => code === codes.foot || code === codes.track || code === codes.cycle;
    const plain = streets.filter(({ flags }) => flags === 0);
    const nameless = (lines) => lines.map((line) => ({ ...line, row: -1 }));
    return {
      names: part.header.names,
      lines: kit.flatLines(streets),
      ground: {
        areas: kit.areaMesh(part), shore: kit.shoreMesh(part, codes.water, codes.shore),
        waterways: kit.lineMesh(nameless(kit.linesOf(part, 'waterways'))),
        tunnels: kit.lineMesh(streets.filter(({ flags }) => flags & 2)),
        paths: kit.lineMesh(plain.filter(isPath)),
        roads: kit.lineMesh(plain.filter((line) => !isPath(line))),
        bridges: kit.lineMesh(streets.filter(({ flags }) => flags === 1)),
        rail: kit.lineMesh(nameless(rails.filter(({ flags }) => flags === 0))),
        railBridges: kit.lineMesh(nameless(rails.filter(({ flags }) => flags === 1))),
      },
    };
  }

  /* Streets for picking: rows, where each starts, all points. */
  kit.flatLines = function (lines) {
    const starts = new Uint32Array(lines.length + 1);
    lines.forEach(({ xy }, i) => {
      starts[i + 1] = starts[i] + xy.length;
    });
    const xy = new Float32Array(starts[lines.length]);
    lines.forEach((line, i) => xy.set(line.xy, starts[i]));
    return { rows: Uint32Array.from(lines, ({ row }) => row), starts, xy };
  };

  function trees({ header, columns }) {
    const { row, xy, crown, height, needles } = columns, n = crown.length, step = header.xy_step;
    const places = new Float32Array(4 * n);
    for (let i = 0; i < n; i++) {
      places.set([xy[2 * i] * step, xy[2 * i + 1] * step, crown[i] * step, height[i] * step], 4 * i);
    }
    return { trees: { count: n, places, needles: Float32Array.from(needles), rows: Uint32Array.from(row) } };
  }

  const READERS = {
    near: (part) => ({ mesh: kit.buildingMesh(part) }),
    far: (part) => ({ mesh: kit.farMesh(part) }),
    ground, trees,
    overlay: (part) => kit.readOverlay(part),
    terrain: (part) => kit.readTerrain(part),
  };

  /* Fetches and reads one tile, e.g. kind `near`; `codes` are paint codes by name. */
  kit.readTile = async ({ url, kind, codes }) => READERS[kind](await kit.fetchPart(url), codes);

  /* The buffers inside a value, to be handed over without copying. */
  kit.buffersOf = function buffersOf(value) {
    if (ArrayBuffer.isView(value)) return [value.buffer];
    return value && typeof value === 'object' ? Object.values(value).flatMap(buffersOf) : [];
  };
})((self.twinMapKit = self.twinMapKit || {}));
