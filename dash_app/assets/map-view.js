/* The camera's view of flat ground, without deck.gl: tiles can be chosen before that is loaded. */
(function (kit) {
  'use strict';

  const ALTITUDE = 1.5; // camera distance in screen heights, deck.gl's default for maps

  kit.GroundView = class {
    constructor({ width, height, camera, padding, frame }) {
      Object.assign(this, { width, height, zoom: camera.zoom });
      const { left = 0, right = 0, top = 0, bottom = 0 } = padding || {};
      this.middle = [(left + width - right) / 2, (top + height - bottom) / 2];
      this.centre = frame.metres([camera.longitude, camera.latitude]);
      this.metre = 1 / frame.pixel(camera.zoom, camera.latitude); // pixels
      const pitch = (camera.pitch * Math.PI) / 180, bearing = (camera.bearing * Math.PI) / 180;
      Object.assign(this, {
        distance: ALTITUDE * height, sine: Math.sin(pitch), cosine: Math.cos(pitch),
        east: [Math.cos(bearing), -Math.sin(bearing)], ahead: [Math.sin(bearing), Math.cos(bearing)],
      });
    }

    /* Ground metres below a pixel; above the horizon, a point far away in that direction. */
    ground([x, y]) {
      const u = x - this.middle[0], v = this.middle[1] - y;
      const fall = Math.max(this.distance * this.cosine - v * this.sine, this.distance * 0.02);
      const forward = (v * this.distance) / fall;
      const side = (u * (this.distance + forward * this.sine)) / this.distance;
      return [0, 1].map((k) => this.centre[k] + (side * this.east[k] + forward * this.ahead[k]) / this.metre);
    }

    /* The four corners of the view on the ground. */
    ring() {
      const { width, height } = this;
      return [[0, height], [width, height], [width, 0], [0, 0]].map((pixel) => this.ground(pixel));
    }

    /* Pixels that a metre across takes at a place on the ground. */
    density([x, y]) {
      const dx = (x - this.centre[0]) * this.metre, dy = (y - this.centre[1]) * this.metre;
      const depth = this.distance + (dx * this.ahead[0] + dy * this.ahead[1]) * this.sine;
      return (this.metre * this.distance) / Math.max(depth, this.distance * 0.1);
    }

    /* Pixels a metre where a box comes closest to the middle of the view. */
    boxDensity(box) {
      return this.density([0, 1].map((k) => Math.min(Math.max(this.centre[k], box[k]), box[k + 2])));
    }

    /* Whether a box of metres touches what is seen (separating axes of two convex shapes). */
    sees(box) {
      this.corners = this.corners || this.ring();
      const ring = this.corners;
      const own = [[box[0], box[1]], [box[2], box[1]], [box[2], box[3]], [box[0], box[3]]];
      const axes = [[1, 0], [0, 1], ...ring.map((p, i) => {
        const q = ring[(i + 1) % ring.length];
        return [q[1] - p[1], p[0] - q[0]];
      })];
      return axes.every(([x, y]) => {
        const along = (points) => points.map(([px, py]) => px * x + py * y);
        const a = along(own), b = along(ring);
        return Math.max(...a) >= Math.min(...b) && Math.max(...b) >= Math.min(...a);
      });
    }
  };
})((self.twinMapKit = self.twinMapKit || {}));
