/* Layers of values that are more than a colour: ribbons by width, areas as prisms, dots. */
(function (kit) {
  'use strict';

  const { place, light, hatch, isHatch, plain } = kit.shaderParts;
  const SIDE = 0, LID = 127;

  /* What runs on a street: the ribbons of the ground, as wide as the value says, over everything.
     Ribbons lie on one another by width: the depth just behind the eye is kept for them. */
  const flowShader = {
    vs: `#version 300 es
in vec2 positions;
in vec2 offsets;
in vec2 tags;
out vec4 vColour;
uniform highp sampler2D values;
uniform highp sampler2D amounts;
${place}
void main() {
  float width = tags.y < -0.5 ? 0.0 : valueOf(amounts, tags.y).r * twin.marks.x;
  vec4 value = valueOf(values, max(tags.y, 0.0));
  vColour = twin.view.w > 0.5 ? twin.ink : vec4(value.rgb, 1.0);
  vColour.a *= twin.view.z;
  float drawn = width + (twin.view.w > 0.5 ? 2.4 : 0.0);
  gl_Position = place(vec3(positions + offsets * 0.5 * drawn * twin.view.y, 0.0));
  gl_Position.z = (-0.995 - 0.004 * min(width / 40.0, 1.0)) * gl_Position.w;
  if (width <= 0.0 || value.a < 0.9) gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
}`,
    fs: plain,
  };

  /* Areas that stand as high as their value: lids, and walls darker towards the foot. */
  const prismShader = {
    vs: `#version 300 es
in vec3 positions;
in vec4 normals;
in float rows;
out vec4 vColour;
out vec2 vFoot;
uniform highp sampler2D values;
uniform highp sampler2D amounts;
${place}${light}
void main() {
  vec4 value = valueOf(values, rows);
  float height = valueOf(amounts, rows).r;
  vec3 base = value.rgb;
  if (abs(rows - twin.marks.y) < 0.5) base = mix(base, twin.hoverInk.rgb, 0.35);
  vColour = vec4(lit(base, normals.xyz), twin.view.z);
  vFoot = vec2(normals.w < 0.25 ? positions.z : 1.0, ${isHatch});
  gl_Position = place(vec3(positions.xy, max(positions.z * height, 0.4)));
  if (value.a < 0.6) gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
}`,
    fs: `#version 300 es
precision mediump float;
in vec4 vColour;
in vec2 vFoot;
out vec4 fragColor;
${hatch}
void main() { fragColor = vec4(hatched(vColour.rgb * mix(0.72, 1.0, vFoot.x), vFoot.y), vColour.a); }
`,
  };

  const prismShadowShader = {
    vs: `#version 300 es
in vec3 positions;
in float rows;
out vec4 vColour;
uniform highp sampler2D amounts;
${place}
void main() {
  float height = positions.z * valueOf(amounts, rows).r;
  vColour = vec4(twin.ink.rgb, 1.0);
  gl_Position = place(vec3(positions.xy + height * twin.shadow.xy, 0.0));
}`,
    fs: plain,
  };

  /* Upper edges of prisms: they part neighbours of one colour. */
  const prismEdgeShader = {
    vs: `#version 300 es
in vec2 positions;
in float rows;
out vec4 vColour;
uniform highp sampler2D values;
uniform highp sampler2D amounts;
${place}
void main() {
  vColour = twin.ink;
  gl_Position = place(vec3(positions, max(valueOf(amounts, rows).r, 0.4) + 0.3));
  gl_Position.z -= 0.00006 * gl_Position.w;
  if (valueOf(values, rows).a < 0.6) gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
}`,
    fs: plain,
  };

  /* Dots that face the eye: x, y of the place, x, y of the corner, row, kind. */
  const dotShader = {
    vs: `#version 300 es
in vec2 corners;
in vec3 places;
out vec2 vAt;
out vec4 vColour;
out vec4 vRing;
out float vSize;
uniform highp sampler2D values;
${place}
void main() {
  vec4 value = valueOf(values, max(places.z, 0.0));
  vColour = twin.marks.w > 0.5 ? vec4(value.rgb, 1.0) : twin.ink;
  vRing = twin.hoverInk;
  vAt = corners;
  vSize = twin.marks.x;
  gl_Position = place(vec3(places.xy, 0.0));
  gl_Position.xy += corners * (vSize + 1.0) / twin.shadow.zw * 2.0 * gl_Position.w;
  if (twin.marks.w > 0.5 && value.a < 0.6) gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
}`,
    fs: `#version 300 es
precision mediump float;
in vec2 vAt;
in vec4 vColour;
in vec4 vRing;
in float vSize;
out vec4 fragColor;
void main() {
  float away = length(vAt) * (vSize + 1.0);
  if (away > vSize + 0.5) discard;
  vec4 colour = mix(vColour, vRing, smoothstep(vSize - 2.6, vSize - 1.6, away));
  fragColor = vec4(colour.rgb, colour.a * (1.0 - smoothstep(vSize - 0.5, vSize + 0.5, away)));
}`,
  };

  /* Walls and lids of the areas of a tile; heights come later, so z is 0 at the foot and 1 above. */
  kit.prismMesh = function ({ rows: areaRows, areaOf, starts, xy }, { corners, indices: lids }) {
    const points = xy.length / 2, n = 4 * points + corners.length / 6;
    const positions = new Float32Array(3 * n), normals = new Int8Array(4 * n), rows = new Float32Array(n);
    const indices = new Uint32Array(6 * points + lids.length), rim = new Float32Array(4 * points), rimRows = new Float32Array(2 * points);
    let at = 0, used = 0, edge = 0;
    const vertex = (x, y, z, nx, ny, kind, row) => {
      positions.set([x, y, z], 3 * at);
      normals.set([127 * nx, 127 * ny, kind === LID ? 127 : 0, kind], 4 * at);
      rows[at] = row;
      return at++;
    };
    for (let ring = 0; ring + 1 < starts.length; ring++) {
      const row = areaRows[areaOf[ring]];
      for (let i = starts[ring], to = starts[ring + 1]; i < to; i += 2) {
        const j = i + 2 < to ? i + 2 : starts[ring];
        const [ax, ay, bx, by] = [xy[i], xy[i + 1], xy[j], xy[j + 1]];
        const l = Math.hypot(bx - ax, by - ay) || 1, nx = (by - ay) / l, ny = (ax - bx) / l;
        const [a, b, c, d] = [[ax, ay, 0], [bx, by, 0], [bx, by, 1], [ax, ay, 1]].map(([x, y, z]) => vertex(x, y, z, nx, ny, SIDE, row));
        indices.set([a, b, c, a, c, d], used);
        used += 6;
        rim.set([ax, ay, bx, by], 4 * edge);
        rimRows.fill(row, 2 * edge, 2 * edge + 2);
        edge++;
      }
    }
    const first = at;
    for (let i = 0; i < corners.length; i += 6) vertex(corners[i], corners[i + 1], 1, 0, 0, LID, corners[i + 5]);
    for (const corner of lids) indices[used++] = first + corner;
    return { positions, normals, rows, indices, rim, rimRows };
  };

  kit.defineDataLayers = function ({ TileLayer, named, CORNERS, POSITIONS, NORMALS, OPAQUE, GROUND, OVER, DARKEN }) {
    const ROWS = { name: 'rows', format: 'float32' };
    const FLOW_PARTS = ['tunnels', 'paths', 'roads', 'bridges'];
    const ABOVE = { ...OPAQUE, depthWriteEnabled: true };

    /* Near, ribbons have the width of the legend; from afar they are thinner. */
    const flowScale = (zoom) => Math.min(Math.max(2 ** ((zoom - 13.4) * 0.6), 0.3), 1);

    class TwinFlow extends TileLayer {
      modelsOf({ ground }) {
        return FLOW_PARTS.filter((name) => ground[name]).flatMap((name) => [this.pass(ground[name], 1), this.pass(ground[name], 0)]);
      }

      pass({ corners, indices }, casing) {
        return {
          order: 1 - casing,
          model: this.model(kit.flowShader, {
            bufferLayout: CORNERS, attributes: { corners }, indexBuffer: indices, parameters: casing ? GROUND : ABOVE,
          }),
          valued: () => true,
          uniforms: (scene, strength, side) => (side.amounts.streets ? {
            values: side.values.streets, amounts: side.amounts.streets, ink: scene.inks.flowCasing,
            marks: [flowScale(scene.zoom), 0, 0, 0], view: [scene.zoom, scene.pixel, strength, casing],
          } : null),
        };
      }
    }

    /* Buffers of a tile's prisms, made when first wanted and freed with the tile. */
    const prismsOf = (tile, store) => {
      tile.prisms ??= tile.lids && store.prismBuffers(tile);
      return tile.prisms;
    };

    class TwinPrisms extends TileLayer {
      modelsOf(tile) {
        const mesh = prismsOf(tile, this.props.store);
        return mesh ? [this.part(mesh)] : [];
      }

      common(side, table) {
        return side.amounts[table] ? { values: side.values[table], amounts: side.amounts[table] } : null;
      }

      part(mesh) {
        return {
          order: 0,
          model: this.model(prismShader, {
            bufferLayout: [POSITIONS, NORMALS, ROWS], parameters: OPAQUE,
            attributes: { positions: mesh.positions, normals: mesh.normals, rows: mesh.rows }, indexBuffer: mesh.indices,
          }),
          valued: () => true,
          uniforms: (scene, strength, side) => {
            const own = this.common(side, scene.table);
            return own && { ...own, marks: [-1, scene.hoverRow, 0, 0] };
          },
        };
      }
    }

    class TwinPrismShadow extends TwinPrisms {
      part(mesh) {
        return {
          order: 0,
          model: this.model(prismShadowShader, {
            bufferLayout: [POSITIONS, ROWS], attributes: { positions: mesh.positions, rows: mesh.rows }, indexBuffer: mesh.indices,
          }),
          valued: () => true,
          uniforms: (scene, strength, side) => {
            const own = this.common(side, scene.table);
            return own && { amounts: own.amounts, ink: scene.inks.shadow };
          },
        };
      }
    }

    class TwinPrismEdges extends TwinPrisms {
      part(mesh) {
        return {
          order: 0,
          model: this.model(prismEdgeShader, {
            topology: 'line-list', vertexCount: mesh.rimCount,
            bufferLayout: [{ name: 'positions', format: 'float32x2' }, ROWS], attributes: { positions: mesh.rim, rows: mesh.rimRows },
          }),
          valued: () => true,
          uniforms: (scene, strength, side) => {
            const own = this.common(side, scene.table);
            return own && { ...own, ink: scene.inks.rim };
          },
        };
      }
    }

    kit.flowShader = flowShader;
    kit.dotShader = dotShader;
    return {
      TwinFlow: named(TwinFlow, 'TwinFlow', GROUND),
      TwinPrisms: Object.assign(named(TwinPrisms, 'TwinPrisms', OPAQUE)),
      TwinPrismShadow: named(TwinPrismShadow, 'TwinPrismShadow', DARKEN),
      TwinPrismEdges: named(TwinPrismEdges, 'TwinPrismEdges', OVER),
    };
  };
})((window.twinMapKit = window.twinMapKit || {}));
