/* The shaders of the map. One uniform block, `twin`, carries the scene to all of them. */
(function (kit) {
  'use strict';

  const FIELDS = {
    wall: 'vec4', pitched: 'vec4', flatRoof: 'vec4', ink: 'vec4', selectedInk: 'vec4', hoverInk: 'vec4',
    ambient: 'vec4', sun: 'vec4', sunFrom: 'vec4', sky: 'vec4', fill: 'vec4', fillFrom: 'vec4',
    shadow: 'vec4', // xy: metres a shadow runs per metre of height
    marks: 'vec4', // selected row, hovered row, dark theme, has values
    view: 'vec4', // zoom, metres a pixel, opacity, pass
  };

  const block = `layout(std140) uniform twinUniforms {
${Object.entries(FIELDS).map(([name, type]) => `  ${type} ${name};`).join('\n')}
} twin;
`;

  kit.sceneModule = {
    name: 'twin', vs: block,
    uniformTypes: Object.fromEntries(Object.keys(FIELDS).map((name) => [name, 'vec4<f32>'])),
  };

  const place = `
vec4 place(vec3 metres) {
  return project_common_position_to_clipspace(project_position(vec4(metres, 1.0)));
}
vec4 valueOf(highp sampler2D values, float row) {
  int at = int(row + 0.5);
  return texelFetch(values, ivec2(at % 1024, at / 1024), 0);
}
`;

  const light = `
vec3 lit(vec3 base, vec3 normal) {
  vec3 light = twin.ambient.rgb
    + twin.sun.rgb * max(dot(normal, twin.sunFrom.xyz), 0.0)
    + twin.sky.rgb * max(normal.z, 0.0)
    + twin.fill.rgb * max(dot(normal, twin.fillFrom.xyz), 0.0);
  return base * light;
}
`;

  /* Diagonal strokes over what is kept back for privacy; vHatch is 1 there. */
  const hatch = `
vec3 hatched(vec3 colour, float strength) {
  float stroke = step(mod(gl_FragCoord.x + gl_FragCoord.y, 8.0), 2.0);
  return colour * (1.0 - 0.34 * stroke * step(0.5, strength));
}
`;
  const isHatch = 'step(0.82, value.a) * step(value.a, 0.94)';

  const plain = `#version 300 es
precision mediump float;
in vec4 vColour;
out vec4 fragColor;
void main() { fragColor = vColour; }
`;

  /* Areas and ribbons on the ground; pass 1 draws the casing of roads. */
  kit.groundShader = {
    vs: `#version 300 es
in vec2 positions;
in vec2 offsets;
in vec2 tags;
out vec4 vColour;
out float vHatch;
uniform highp sampler2D paints;
uniform highp sampler2D values;
${place}
void main() {
  int paint = int(tags.x + 0.5);
  vec4 colour = texelFetch(paints, ivec2(paint, 0), 0);
  vec4 sizes = texelFetch(paints, ivec2(paint, 1), 0);
  float pixel = twin.view.y;
  float width = max(sizes.x, sizes.y * pixel);
  vHatch = 0.0;
  if (twin.view.w > 1.5) { // around what a measure builds
    width = max(max(sizes.z, sizes.x), (sizes.y + 1.2) * pixel) + 5.0 * pixel;
    colour = vec4(twin.ink.rgb, 1.0);
  } else if (twin.view.w > 0.5) {
    width = sizes.z > 0.0 ? max(sizes.z, (sizes.y + 1.2) * pixel) : 0.0;
    colour = vec4(twin.ink.rgb, 1.0);
  } else if (tags.y > -0.5 && twin.marks.w > 0.5) {
    vec4 value = valueOf(values, tags.y);
    colour = mix(colour, vec4(value.rgb, 1.0), value.a);
    if (twin.marks.z > 0.5) colour.a = value.a; // an area without a value is not filled
    vHatch = ${isHatch};
  }
  vColour = vec4(colour.rgb, colour.a * twin.view.z);
  bool isLine = offsets != vec2(0.0);
  gl_Position = place(vec3(positions + offsets * 0.5 * width, 0.0));
  if ((twin.view.x < sizes.w && twin.view.w < 1.5) || (width == 0.0 && isLine)) gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
}`,
    fs: plain,
  };

  /* Areas coloured by value: what is kept back is hatched. */
  kit.areaShader = {
    vs: kit.groundShader.vs,
    fs: `#version 300 es
precision mediump float;
in vec4 vColour;
in float vHatch;
out vec4 fragColor;
${hatch}
void main() { fragColor = vec4(hatched(vColour.rgb, vHatch), vColour.a); }
`,
  };
  kit.shaderParts = { place, light, hatch, isHatch, plain };

  /* Light and shade of the terrain, laid over land use: grey 128 is level ground. */
  kit.reliefShader = {
    vs: `#version 300 es
in vec2 positions;
in vec2 places;
out vec2 vPlace;
out vec4 vShade;
out vec4 vLight;
${place}
void main() {
  vPlace = places;
  vShade = vec4(twin.ink.rgb, twin.ink.a * twin.view.z);
  vLight = vec4(twin.hoverInk.rgb, twin.hoverInk.a * twin.view.z);
  gl_Position = place(vec3(positions, 0.0));
}`,
    fs: `#version 300 es
precision highp float;
in vec2 vPlace;
in vec4 vShade;
in vec4 vLight;
out vec4 fragColor;
uniform highp sampler2D values;
void main() {
  float light = (texture(values, vPlace).r * 255.0 - 128.0) / 110.0;
  vec4 ink = light < 0.0 ? vShade : vLight;
  fragColor = vec4(ink.rgb, ink.a * clamp(abs(light), 0.0, 1.0));
}`,
  };

  /* Walls and roofs: colour by surface or by value, light, shade towards the foot. */
  kit.buildingShader = {
    vs: `#version 300 es
in vec3 positions;
in vec4 normals;
in float rows;
out vec4 vColour;
out vec2 vFoot; // metres above the ground, hatched
uniform highp sampler2D values;
uniform highp sampler2D states;
${place}${light}
void main() {
  bool isWall = normals.w < 0.25;
  vec4 state = valueOf(states, max(rows, 0.0)); // what is marked: a tint, or gone
  vec3 base = isWall ? twin.wall.rgb : normals.w < 0.75 ? twin.pitched.rgb : twin.flatRoof.rgb;
  float alpha = twin.view.z, hatched = 0.0;
  if (twin.marks.w > 0.5) {
    vec4 value = valueOf(values, rows);
    base = mix(base, value.rgb, step(0.75, value.a));
    hatched = ${isHatch};
    if (value.a > 0.25 && value.a < 0.75) alpha *= 0.25;
  }
  base = mix(base, state.rgb, min(state.a, 0.9));
  if (state.a > 0.95) alpha *= 0.3;
  if (abs(rows - twin.marks.y) < 0.5) base = mix(base, twin.hoverInk.rgb, 0.45);
  if (abs(rows - twin.marks.x) < 0.5) base = twin.selectedInk.rgb;
  vColour = vec4(lit(base, normals.xyz), alpha);
  vFoot = vec2(isWall ? positions.z : 100.0, hatched);
  gl_Position = place(positions);
}`,
    fs: `#version 300 es
precision mediump float;
in vec4 vColour;
in vec2 vFoot;
out vec4 fragColor;
${hatch}
void main() {
  fragColor = vec4(hatched(vColour.rgb * mix(0.87, 1.0, clamp(vFoot.x / 6.0, 0.0, 1.0)), vFoot.y), vColour.a);
}`,
  };

  /* The same mesh laid flat along the sun's rays. */
  kit.shadowShader = {
    vs: `#version 300 es
in vec3 positions;
out vec4 vColour;
${place}
void main() {
  vColour = vec4(twin.ink.rgb, 1.0);
  gl_Position = place(vec3(positions.xy + positions.z * twin.shadow.xy, 0.0));
}`,
    fs: plain,
  };

  kit.edgeShader = {
    vs: `#version 300 es
in vec3 positions;
out vec4 vColour;
${place}
void main() {
  vColour = vec4(twin.ink.rgb, twin.ink.a * twin.view.z);
  gl_Position = place(positions + vec3(0.0, 0.0, 0.12));
  gl_Position.z -= 0.00004 * gl_Position.w;
}`,
    fs: plain,
  };

  /* Soft shade around the foot; z carries its strength. */
  kit.shadeShader = {
    vs: `#version 300 es
in vec3 positions;
out vec4 vColour;
${place}
void main() {
  vColour = vec4(twin.ink.rgb, twin.ink.a * positions.z * twin.view.z);
  gl_Position = place(vec3(positions.xy, 0.0));
}`,
    fs: plain,
  };

  /* Trees: one crown, repeated; x, y, crown width, height. Pass 1 is their shadow. */
  kit.treeShader = {
    vs: `#version 300 es
in vec3 positions;
in vec3 normals;
in vec4 trees;
in float needles;
out vec4 vColour;
${place}${light}
void main() {
  float slim = mix(1.0, positions.z > 0.5 ? 1.6 * (1.0 - positions.z) : 0.8, needles);
  vec3 at = vec3(trees.xy + positions.xy * trees.z * 0.5 * slim, positions.z * trees.w);
  if (twin.view.w > 0.5) {
    vColour = vec4(twin.ink.rgb, 1.0);
    at = vec3(at.xy + at.z * twin.shadow.xy, 0.0);
  } else {
    float tone = 0.92 + 0.16 * fract(sin(dot(trees.xy, vec2(12.9898, 78.233))) * 43758.5453);
    vec3 base = twin.ink.rgb * (tone - 0.1 * needles) * (0.78 + 0.22 * smoothstep(0.1, 0.8, positions.z));
    vColour = vec4(lit(base, normals), twin.view.z);
  }
  gl_Position = place(at);
}`,
    fs: plain,
  };
})((window.twinMapKit = window.twinMapKit || {}));
