/* Frame metres and degrees, the scene's colours and light, the tables the shaders look things up in. */
(function (kit) {
  'use strict';

  const WORLD = 512, EARTH_M = 40.03e6, rad = Math.PI / 180;

  const world = (lon, lat) => [
    (WORLD * (lon + 180)) / 360,
    WORLD * (0.5 + Math.log(Math.tan(Math.PI / 4 + (lat * rad) / 2)) / (2 * Math.PI)),
  ];

  /* The same frame as dash_app/map/frame.py: what deck.gl calls meter offsets of an anchor. */
  kit.Frame = class {
    constructor([lon, lat]) {
      this.anchor = [lon, lat];
      this.here = world(lon, lat);
      const cosine = Math.cos(lat * rad);
      this.first = WORLD / EARTH_M / cosine;
      const growth = (rad * Math.tan(lat * rad)) / cosine;
      this.second = (((WORLD / EARTH_M) * growth) / (WORLD / 360 / cosine)) * this.first;
    }

    metres([lon, lat]) {
      const [x, y] = world(lon, lat);
      const north = (y - this.here[1]) / this.first;
      return [(x - this.here[0]) / (this.first + this.second * north), north];
    }

    degrees([x, y]) {
      const east = this.here[0] + x * (this.first + this.second * y);
      const north = this.here[1] + y * this.first;
      const lat = (2 * Math.atan(Math.exp(((north / WORLD) - 0.5) * 2 * Math.PI)) - Math.PI / 2) / rad;
      return [(east / WORLD) * 360 - 180, lat];
    }

    /* Metres a screen pixel covers in the middle of the view. */
    pixel(zoom, lat) {
      return (EARTH_M / WORLD) * Math.cos(lat * rad) / 2 ** zoom;
    }
  };

  const colour = (hex, by = 1) => [...kit.rgb(hex).map((v) => (v / 255) * by), 1];

  /* Light as look.md sets it: soft ambient, one warm sun, light from above, a cool fill against the sun. */
  kit.lightOf = function (paint, sun) {
    const azimuth = sun.azimuth * rad, elevation = Math.max(sun.elevation, 4) * rad;
    const from = [Math.sin(azimuth) * Math.cos(elevation), Math.cos(azimuth) * Math.cos(elevation), Math.sin(elevation)];
    const l = Math.hypot(from[0], from[1], 0.3);
    const day = Math.min(Math.max((sun.elevation + 2) / 10, 0), 1);
    const run = sun.elevation > 2.5 ? 0.95 / Math.tan(Math.max(sun.elevation, 8) * rad) : 0;
    return {
      ambient: [1, 1, 1, 1].map((v) => v * (paint.ambient - 0.06 * (1 - day))),
      sun: colour(paint.sun_colour, paint.sun * day),
      sunFrom: [...from, 0],
      sky: colour(paint.sky_colour, paint.sky * (0.55 + 0.45 * day)),
      fill: colour(paint.fill_colour, paint.fill),
      fillFrom: [-from[0] / l, -from[1] / l, 0.3 / l, 0],
      shadow: [-Math.sin(azimuth) * run, -Math.cos(azimuth) * run, 0, 0],
    };
  };

  kit.colourOf = (hex, alpha = 255) => [...kit.rgb(hex), alpha];

  /* Everything the shaders need besides tiles; made anew when theme or sun change. */
  kit.sceneOf = function (style, theme, sun) {
    const paint = style.scene[theme];
    const light = kit.lightOf(paint, sun);
    return {
      uniforms: {
        ...light, wall: colour(paint.wall), pitched: colour(paint.pitched), flatRoof: colour(paint.flat),
        selectedInk: colour(paint.selected), hoverInk: colour(paint.hover),
        ink: [0, 0, 0, 1], marks: [-1, -1, 0, 0], view: [0, 1, 1, 0],
      },
      hasShadow: light.shadow[0] !== 0 || light.shadow[1] !== 0,
      inks: {
        flowCasing: [...colour(paint.casing).slice(0, 3), 0.9], rim: [...colour(paint.casing).slice(0, 3), paint.rim_alpha / 255],
        added: colour(paint.added), roadCasing: colour(paint.road_casing), shadow: colour(paint.shadow), tree: colour(paint.tree),
        edge: [...colour(paint.edge).slice(0, 3), paint.edge_alpha / 255], shade: paint.shade.map((v) => v / 255),
        reliefShade: paint.relief_shade.map((v) => v / 255), reliefLight: paint.relief_light.map((v) => v / 255),
        text: kit.colourOf(paint.text), halo: kit.colourOf(paint.halo),
        border: kit.rgb(paint.border), stop: kit.colourOf(paint.stop),
        selected: kit.colourOf(paint.selected), hover: kit.colourOf(paint.hover), casing: kit.colourOf(paint.casing),
      },
    };
  };

  const NEAREST = { minFilter: 'nearest', magFilter: 'nearest', addressModeU: 'clamp-to-edge', addressModeV: 'clamp-to-edge' };

  /* Row 0: colours; row 1: width, floor, casing, zoom. */
  kit.paintTexture = function (device, style, theme) {
    const { paints } = style, data = new Float32Array(paints.length * 8);
    paints.forEach((paint, i) => {
      data.set(colour(paint[theme]), 4 * i);
      data.set([paint.width, paint.floor, paint.casing, paint.zoom], 4 * (paints.length + i));
    });
    return device.createTexture({ format: 'rgba32float', width: paints.length, height: 2, data, sampler: NEAREST });
  };

  const SMOOTH = { ...NEAREST, minFilter: 'linear', magFilter: 'linear' };

  /* A grey picture; its width is a multiple of four, as WebGL wants its lines. */
  kit.greyTexture = (device, { width, height, data }) =>
    device.createTexture({ format: 'r8unorm', width, height, data, sampler: SMOOTH });

  kit.texturesAlive = 0; // tables of rows on the graphics card; a test watches that they do not pile up

  const rowTexture = (device, format, data) => {
    kit.texturesAlive += 1;
    const texels = format === 'rgba8unorm' ? data.length / 4 : data.length;
    return device.createTexture({ format, width: 1024, height: texels / 1024, data, sampler: NEAREST });
  };

  kit.dropTexture = (texture) => {
    if (!texture || texture.destroyed) return;
    kit.texturesAlive -= 1;
    texture.destroy();
  };

  /* One colour a row of a table, 1024 to a line. */
  kit.valueTexture = function (device, colours) {
    const data = new Uint8Array(Math.max(Math.ceil(colours.length / 4096), 1) * 4096);
    data.set(colours);
    return rowTexture(device, 'rgba8unorm', data);
  };

  /* One number a row: a width or a height. */
  kit.amountTexture = function (device, amounts) {
    const data = new Float32Array(Math.max(Math.ceil(amounts.length / 1024), 1) * 1024);
    data.set(amounts);
    return rowTexture(device, 'r32float', data);
  };
})((window.twinMapKit = window.twinMapKit || {}));
