/* Layers of what is marked and of what measures add: ribbons, fills, dots, rings around buildings. */
(function (kit) {
  'use strict';

  kit.defineMarkLayers = function ({ deck, TileLayer, named, CORNERS, POSITIONS, NORMALS, OPAQUE, GROUND, OVER, DARKEN }) {
    const { place, light, plain } = kit.shaderParts;
    const METRES = deck.COORDINATE_SYSTEM.METER_OFFSETS;
    const { next: NEXT, hover: HOVER, gone: GONE, near: NEAR } = kit.markCodes;

    /* Ribbons in pixels; tags: metres along, style. Pass 1 is the casing, 0 the line. */
    const ribbonShader = {
      vs: `#version 300 es
in vec2 positions;
in vec2 offsets;
in vec2 tags;
out vec4 vColour;
out float vAlong;
flat out float vStyle;
${place}
void main() {
  float style = tags.y, width = 10.0;
  vec3 ink = twin.selectedInk.rgb;
  if (style > ${kit.markCodes.pipe - 0.5}) { width = 5.0; ink = style > ${kit.markCodes.pipe + 0.5} ? mix(twin.pitched.rgb, twin.wall.rgb, 0.55) : twin.pitched.rgb; }
  else if (style > ${NEAR - 0.5}) { width = 5.0; ink = mix(ink, twin.flatRoof.rgb, 0.35); }
  else if (style > ${GONE - 0.5}) { width = 5.0; ink = twin.wall.rgb; }
  else if (style > ${HOVER - 0.5}) { width = 6.0; ink = twin.hoverInk.rgb; }
  width *= twin.marks.x;
  if (twin.marks.y > 0.5) width *= 0.4; // borders of areas
  bool casing = twin.view.w > 0.5;
  vColour = vec4(casing ? twin.flatRoof.rgb : ink, twin.view.z);
  vAlong = tags.x / twin.view.y;
  vStyle = style;
  gl_Position = place(vec3(positions + offsets * 0.5 * (width + (casing ? 0.5 * width : 0.0)) * twin.view.y, 0.0));
}`,
      fs: `#version 300 es
precision highp float;
in vec4 vColour;
in float vAlong;
flat in float vStyle;
out vec4 fragColor;
void main() {
  bool dashed = abs(vStyle - ${NEXT}.0) < 0.5 || abs(vStyle - ${GONE}.0) < 0.5;
  if (dashed && mod(vAlong, 15.0) > 8.5) discard;
  fragColor = vColour;
}`,
    };

    /* A ring on the ground around marked buildings: the strip of shade at their foot, filled. */
    const ringShader = {
      vs: `#version 300 es
in vec3 positions;
in float rows;
out vec4 vColour;
out float vNear;
out float vReach;
uniform highp sampler2D states;
${place}
void main() {
  vec4 state = valueOf(states, max(rows, 0.0));
  vColour = vec4(twin.ink.rgb, twin.view.z);
  vNear = positions.z;
  vReach = clamp(7.0 * twin.view.y / 5.5, 0.0, 1.0); // 7 px of the strip's 5.5 m
  gl_Position = place(vec3(positions.xy, 0.0));
  if (state.a < 0.6 || state.a > 0.95) gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
}`,
      fs: `#version 300 es
precision highp float;
in vec4 vColour;
in float vNear;
in float vReach;
out vec4 fragColor;
void main() {
  if (1.0 - vNear > vReach) discard;
  fragColor = vColour;
}`,
    };

    /* What a measure builds: like the city's buildings, tinted. */
    const addedShader = {
      vs: `#version 300 es
in vec3 positions;
in vec4 normals;
out vec4 vColour;
out float vFoot;
${place}${light}
void main() {
  bool isWall = normals.w < 0.25;
  vColour = vec4(lit(isWall ? twin.ink.rgb * 0.94 : twin.ink.rgb, normals.xyz), twin.view.z);
  vFoot = isWall ? positions.z : 100.0;
  gl_Position = place(positions);
}`,
      fs: `#version 300 es
precision mediump float;
in vec4 vColour;
in float vFoot;
out vec4 fragColor;
void main() { fragColor = vec4(vColour.rgb * mix(0.87, 1.0, clamp(vFoot / 6.0, 0.0, 1.0)), vColour.a); }
`,
    };

    const fillShader = {
      vs: `#version 300 es
in vec2 positions;
in vec2 offsets;
in vec2 tags;
out vec4 vColour;
${place}
void main() {
  bool gone = abs(tags.y - ${GONE}.0) < 0.5;
  vColour = vec4(gone ? twin.wall.rgb : twin.selectedInk.rgb, (gone ? 0.5 : 0.22) * twin.view.z);
  gl_Position = place(vec3(positions, 0.0));
}`,
      fs: plain,
    };
    /* From afar marks are thinner, so that a quarter full of them stays legible. */
    const thin = (zoom) => Math.min(Math.max(2 ** ((zoom - 15.8) * 0.55), 0.34), 1);
    const GREY = [0.58, 0.57, 0.55, 1], PIPE = [0.66, 0.28, 0.42, 1];
    const inks = (scene) => ({ flatRoof: [...scene.inks.casing.slice(0, 3).map((v) => v / 255), 1], wall: GREY, pitched: PIPE });

    class TwinMarkFill extends TileLayer {
      modelsOf({ fill }) {
        return fill ? [{
          order: 0,
          model: this.model(fillShader, { bufferLayout: CORNERS, attributes: { corners: fill.corners }, indexBuffer: fill.indices }),
          uniforms: () => ({ wall: GREY }),
        }] : [];
      }
    }

    class TwinMarkLines extends TileLayer {
      modelsOf({ ribbons, dots, isArea }) {
        const out = [];
        if (ribbons) out.push(this.pass(ribbons, isArea, 1), this.pass(ribbons, isArea, 0));
        if (dots) out.push(this.dots(dots));
        return out;
      }

      pass({ corners, indices }, isArea, casing) {
        return {
          order: 1 - casing,
          model: this.model(ribbonShader, { bufferLayout: CORNERS, attributes: { corners }, indexBuffer: indices }),
          uniforms: (scene, strength) => ({
            ...inks(scene), marks: [thin(scene.zoom), isArea ? 1 : 0, 0, 0], view: [scene.zoom, scene.pixel, strength, casing],
          }),
        };
      }

      dots({ places, count, corners, size }) {
        return {
          order: 2,
          model: this.model(kit.dotShader, {
            topology: 'triangle-strip', isInstanced: true, instanceCount: count, vertexCount: 4,
            bufferLayout: [{ name: 'corners', format: 'float32x2' }, { name: 'places', format: 'float32x3', stepMode: 'instance' }],
            attributes: { corners, places },
          }),
          uniforms: (scene) => (scene.zoom < 14.2 && !size ? null : {
            values: scene.noValues, ink: [...inks(scene).flatRoof.slice(0, 3), 1], hoverInk: scene.uniforms.selectedInk,
            shadow: [0, 0, ...scene.canvas], marks: [size || 5 * Math.max(thin(scene.zoom), 0.7), 0, 0, 0],
          }),
        };
      }
    }

    /* Values of stops as dots. */
    class TwinDots extends TwinMarkLines {
      dots(part) {
        return {
          ...super.dots(part),
          valued: () => true,
          uniforms: (scene, strength, side) => (side.values.stops ? {
            values: side.values.stops, hoverInk: inks(scene).flatRoof, shadow: [0, 0, ...scene.canvas], marks: [8, 0, 0, 1],
          } : null),
        };
      }
    }

    class TwinRings extends TileLayer {
      modelsOf({ mesh }) {
        return mesh?.shadeRows ? [{
          order: 0,
          model: this.model(ringShader, {
            bufferLayout: [POSITIONS, { name: 'rows', format: 'float32' }],
            attributes: { positions: mesh.shade, rows: mesh.shadeRows }, indexBuffer: mesh.shadeIndices,
          }),
          uniforms: (scene) => (scene.states ? { states: scene.states, ink: scene.uniforms.selectedInk } : null),
        }] : [];
      }
    }

    /* Streets that a measure builds, as the city draws its own, with an edge in the accent. */
    class TwinAddedRoads extends TileLayer {
      modelsOf({ roads }) {
        return roads ? [2, 1, 0].map((pass, order) => ({
          order,
          model: this.model(kit.groundShader, { bufferLayout: CORNERS, attributes: { corners: roads.corners }, indexBuffer: roads.indices }),
          uniforms: (scene, strength) => ({
            ink: pass === 2 ? scene.uniforms.selectedInk : scene.inks.roadCasing, paints: scene.paints, values: scene.noValues,
            marks: [-1, -1, 0, 0], view: [scene.zoom, scene.pixel, strength, pass],
          }),
        })) : [];
      }
    }

    class TwinAdded extends TileLayer {
      modelsOf({ solid }) {
        return solid ? [{
          order: 0,
          model: this.model(addedShader, {
            bufferLayout: [POSITIONS, NORMALS], attributes: { positions: solid.positions, normals: solid.normals },
            indexBuffer: solid.indices, parameters: OPAQUE,
          }),
          uniforms: (scene) => ({ ink: scene.inks.added }),
        }] : [];
      }
    }

    class TwinAddedShadow extends TileLayer {
      modelsOf({ solid }) {
        return solid ? [{
          order: 0,
          model: this.model(kit.shadowShader, {
            bufferLayout: [POSITIONS], attributes: { positions: solid.positions }, indexBuffer: solid.indices,
          }),
          uniforms: (scene) => (scene.hasShadow ? { ink: scene.inks.shadow } : null),
        }] : [];
      }
    }

    class TwinAddedEdges extends TileLayer {
      modelsOf({ solid }) {
        return solid ? [{
          order: 0,
          model: this.model(kit.edgeShader, {
            topology: 'line-list', bufferLayout: [POSITIONS], attributes: { positions: solid.edges }, vertexCount: solid.edgeCount,
          }),
          uniforms: (scene) => ({ ink: scene.uniforms.selectedInk }),
        }] : [];
      }
    }

    /* Areas of the page's own (how far one gets in so many minutes): a light fill and a line. */
    class TwinAreas extends deck.CompositeLayer {
      renderLayers() {
        const { areas, coordinateOrigin } = this.props;
        const common = { coordinateSystem: METRES, coordinateOrigin, parameters: { depthCompare: 'always', depthWriteEnabled: false } };
        return areas.flatMap(({ id, rings, closed, fill, line, width }) => [
          new deck.SolidPolygonLayer(this.getSubLayerProps({
            ...common, id: `${id}-fill`, data: [rings], getPolygon: (d) => d, getFillColor: fill, material: false, extruded: false,
            updateTriggers: { getFillColor: fill },
          })),
          new deck.PathLayer(this.getSubLayerProps({
            ...common, id: `${id}-line`, data: closed, getPath: (d) => d, getColor: line, getWidth: width, widthUnits: 'pixels',
            jointRounded: true, updateTriggers: { getColor: line },
          })),
        ]);
      }
    }
    TwinAreas.defaultProps = { areas: { type: 'array', value: [], compare: true }, scene: { type: 'object', value: null } };
    TwinAreas.layerName = 'TwinAreas';

    return {
      TwinMarkFill: named(TwinMarkFill, 'TwinMarkFill', GROUND),
      TwinMarkLines: named(TwinMarkLines, 'TwinMarkLines', GROUND),
      TwinDots: named(TwinDots, 'TwinDots', GROUND),
      TwinRings: named(TwinRings, 'TwinRings', GROUND),
      TwinAddedRoads: named(TwinAddedRoads, 'TwinAddedRoads', GROUND),
      TwinAdded: named(TwinAdded, 'TwinAdded', OPAQUE),
      TwinAddedShadow: named(TwinAddedShadow, 'TwinAddedShadow', DARKEN),
      TwinAddedEdges: named(TwinAddedEdges, 'TwinAddedEdges', OVER),
      TwinAreas,
    };
  };
})((window.twinMapKit = window.twinMapKit || {}));
