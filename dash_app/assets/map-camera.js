/* The camera: limits, keys, calm motion, scale bar, the way back to north. */
(function (kit) {
  'use strict';

  const LIMITS = { minZoom: 9.5, maxZoom: 20.5, minPitch: 0, maxPitch: 62 };
  const MOVE_MS = 600, ROLL_MS = 200;

  const calm = () => window.matchMedia('(prefers-reduced-motion: reduce)').matches;

  /* How long the map rolls on after the hand has let go, ms. */
  kit.rollMs = () => (calm() ? 0 : ROLL_MS);

  kit.viewStateOf = ({ lon, lat, zoom, pitch = 0, bearing = 0 }) => ({ longitude: lon, latitude: lat, zoom, pitch, bearing, ...LIMITS });

  kit.cameraOf = ({ longitude, latitude, zoom, pitch, bearing }) => {
    const short = (value, digits) => Number(value.toFixed(digits));
    return {
      lon: short(longitude, 6), lat: short(latitude, 6), zoom: short(zoom, 2), pitch: short(pitch, 1),
      bearing: short(((((bearing + 180) % 360) + 360) % 360) - 180, 1),
    };
  };

  /* A view state that glides there, or stands there at once where motion is not wanted. */
  kit.gliding = (deck, viewState, ms = MOVE_MS) => (calm() || !ms ? viewState : {
    ...viewState, transitionDuration: ms, transitionInterpolator: new deck.LinearInterpolator(['longitude', 'latitude', 'zoom', 'pitch', 'bearing']),
    transitionEasing: (t) => 1 - (1 - t) ** 3,
  });

  const PAN = 120, TURN = 15, TILT = 8, ZOOM = 0.6;

  /* The view state after a key, or null where the key means nothing. `home` is where Home leads. */
  kit.afterKey = function (event, state, home, frame) {
    const { key, shiftKey } = event;
    const arrow = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[key];
    if (event.ctrlKey || event.metaKey || event.altKey) return null;
    if (arrow && shiftKey) {
      const pitch = Math.min(Math.max(state.pitch + arrow[1] * TILT, LIMITS.minPitch), LIMITS.maxPitch);
      return { ...state, bearing: state.bearing + arrow[0] * TURN, pitch };
    }
    if (arrow) {
      const step = PAN * frame.pixel(state.zoom, state.latitude), turn = (-state.bearing * Math.PI) / 180;
      const [x, y] = frame.metres([state.longitude, state.latitude]);
      const [c, s] = [Math.cos(turn), Math.sin(turn)];
      const [longitude, latitude] = frame.degrees([x + step * (arrow[0] * c - arrow[1] * s), y + step * (arrow[0] * s + arrow[1] * c)]);
      return { ...state, longitude, latitude };
    }
    const zoom = { '+': 1, '=': 1, '-': -1, _: -1 }[key];
    if (zoom) return { ...state, zoom: Math.min(Math.max(state.zoom + zoom * ZOOM, LIMITS.minZoom), LIMITS.maxZoom) };
    if (key === 'n' || key === 'N') return { ...state, bearing: 0 };
    return key === 'Home' ? { ...state, ...home } : null;
  };

  /* Keeps the middle of the view within reach of the city. */
  kit.kept = function (state, frame, box) {
    const [x, y] = frame.metres([state.longitude, state.latitude]);
    const room = 4000;
    const at = [Math.min(Math.max(x, box[0] - room), box[2] + room), Math.min(Math.max(y, box[1] - room), box[3] + room)];
    if (at[0] === x && at[1] === y) return state;
    const [longitude, latitude] = frame.degrees(at);
    return { ...state, longitude, latitude };
  };

  const ROUND = [1, 2, 5].flatMap((n) => [1, 10, 100, 1000, 10000].map((m) => n * m)).sort((a, b) => a - b);

  /* Scale bar and sources along the bottom of the map. */
  kit.Furniture = class {
    constructor(host) {
      const make = (tag, className, parent) => {
        const element = document.createElement(tag);
        element.className = className;
        parent.append(element);
        return element;
      };
      this.haze = make('div', 'twin-map-haze', host);
      this.scale = make('div', 'twin-map-scale', host);
      this.bar = make('span', 'bar', this.scale);
      this.length = make('span', 'length', this.scale);
      this.sources = make('div', 'twin-map-sources', host);
    }

    update(frame, { zoom, latitude, pitch }) {
      this.scale.hidden = Boolean(document.querySelector('.scale-bar')); // the page's own ones count
      this.sources.hidden = Boolean(document.querySelector('.credit'));
      const pixel = frame.pixel(zoom, latitude);
      const metres = ROUND.filter((value) => value / pixel <= 110).pop() || 1;
      this.bar.style.width = `${Math.round(metres / pixel)}px`;
      this.length.textContent = metres >= 1000 ? `${metres / 1000} km` : `${metres} m`;
      this.haze.style.opacity = Math.min(Math.max((pitch - 20) / 25, 0), 1).toFixed(2);
    }
  };
})((window.twinMapKit = window.twinMapKit || {}));
