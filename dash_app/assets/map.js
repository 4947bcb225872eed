/* window.twinMap: one live deck.gl instance that shows what the page asks for.
   The contract with the page stands in dash_app/map/README.md. */
(function (kit) {
  'use strict';

  const HOVER_MS = 90, CAMERA_MS = 300, APPLY_MS = 900, TILE_MS = 120, FIRST_MS = 1500, REFINE_MS = 260;
  const SLOW_MS = 140, COARSE = 0.5; // a frame that takes so long is drawn with half the pixels each way
  const SOFTWARE = /llvmpipe|swiftshader|software|basic render/i;
  const DEFAULT_SUN = { azimuth: 228, elevation: 40 };
  const BUNDLE_WAIT_MS = 20000;

  const stats = {
    frames: 0, tiles: 0, buildings: 0, roofs: 0, recolour_ms: 0, recolours: 0, requests: 0,
    first_frame_ms: null, frame_ms: null, state: 'empty', marks: {},
  };

  /* Milliseconds since navigation at which a step of the start was done. */
  const mark = (step) => {
    stats.marks[step] ??= Math.round(performance.now());
  };

  let map = null; // the live map, once there is an index
  let starting = null;

  const { emit, throttled, debounced } = kit;

  const status = (state, text = '') => {
    if (stats.state === state && !text) return;
    stats.state = state;
    emit('map-status', { state, text });
  };

  async function bundle() {
    const until = performance.now() + BUNDLE_WAIT_MS;
    while (!(window.deck?.Deck && window.luma?.Model)) {
      if (performance.now() > until) throw new Error('deck.gl did not load');
      await new Promise((done) => setTimeout(done, 15));
    }
    mark('bundle');
  }

  class TwinMap extends kit.Stage {
    constructor(host, index, view) {
      super();
      Object.assign(this, { host, index, view, names: [], marks: [], stops: [], borders: [] });
      this.frame = new kit.Frame(index.anchor);
      this.life = new AbortController(); // ends what listens when the map is made anew
      this.pictures = new kit.Picture(this);
      this.camera = kit.viewStateOf({ ...index.camera, ...view.camera });
      this.home = kit.viewStateOf(index.camera);
      this.selected = null;
      this.hovered = null;
      this.store = new kit.TileStore({
        index, shown: (name) => this.needs(name),
        onChange: (left) => {
          if (left) return this.applySoon();
          mark('tiles');
          return this.apply();
        },
        onError: (error) => this.fail(error),
      });
      this.marked = new kit.MarkSets({ index, store: this.store, onChange: () => this.device && this.loadTiles(), onError: (error) => this.fail(error) });
      this.added = new kit.Added({
        index, frame: this.frame, store: this.store, marked: this.marked, onChange: () => this.apply(), onError: (error) => this.fail(error),
      });
      this.areas = [];
      this.labels = new kit.Labels(host, this.frame, { onPick: (label) => this.pickLabel(label) });
      this.pins = new kit.Pins(host);
      this.sensors = new kit.Sensors(host, this.frame, { onPick: (number) => this.pickSensor(number) });
      this.tool = new kit.Tool(this);
      this.furniture = new kit.Furniture(host);
      this.furniture.sources.textContent = index.attribution.join(' · ');
      this.reportCamera = debounced(CAMERA_MS, () => emit('map-camera', kit.cameraOf(this.camera)));
      this.hover = throttled(HOVER_MS, (point) => this.hoverAt(point));
      this.wantTiles = throttled(TILE_MS, () => this.loadTiles());
      this.refine = debounced(REFINE_MS, () => {
        if (this.frameSize || !this.device) return;
        this.coarse = false;
        this.deck.setProps({ useDevicePixels: this.fine });
        this.apply(); // the canvas takes its new size with the next frame
      });
      this.swipe = throttled(30, () => this.apply());
      this.placeLabels = throttled(60, () => this.words());
      this.applySoon = throttled(APPLY_MS, () => this.apply());
      if (host.clientWidth) this.store.update(this.groundView());
    }

    /* deck.gl is there: draw. */
    begin(view) {
      this.view = view;
      this.classes = kit.defineLayers(window.deck, window.luma);
      this.makeDeck();
      this.listen();
    }

    makeDeck() {
      const { deck } = window;
      this.stack = new deck.JSONConverter({ configuration: { classes: { ...deck, ...this.classes } } })
        .convert({ layers: this.index.deck.layers }).layers.filter(Boolean);
      this.deck = new deck.Deck({
        parent: this.host, width: '100%', height: '100%', useDevicePixels: 1, _pickable: false,
        views: this.views(), initialViewState: this.camera,
        deviceProps: { webgl: { antialias: true, powerPreference: 'high-performance' } },
        getCursor: ({ isDragging }) => (this.view.tool?.kind ? (this.view.tool.kind === 'click' && this.hovered ? 'pointer' : 'crosshair') : isDragging ? 'grabbing' : this.hovered ? 'pointer' : 'grab'),
        onDeviceInitialized: (device) => this.ready(device),
        onViewStateChange: ({ viewState }) => this.moved(viewState),
        onClick: ({ x, y }) => this.clickAt([x, y]),
        onAfterRender: () => this.drawn(),
        onResize: () => this.resized(),
        onError: (error) => this.failed(error),
        layers: [],
      });
    }

    /* Without a device there is no graphics at all. */
    failed(error) {
      if (this.device || this.gone) this.fail(error);
      else this.lost();
    }

    ready(device) {
      mark('device');
      this.device = device;
      losses = 0;
      device.gl.canvas.addEventListener('webglcontextlost', (event) => {
        event.preventDefault();
        this.lost();
      });
      this.store.setDevice(device);
      const drawnBySoftware = SOFTWARE.test(device.info?.renderer || '');
      this.slow = drawnBySoftware; // until moving shows better
      this.fine = drawnBySoftware ? 1 : Math.min(window.devicePixelRatio || 1, 2);
      this.deck.setProps({ useDevicePixels: this.fine });
      this.patience = performance.now() + FIRST_MS; // one whole first frame rather than three parts
      setTimeout(() => this.apply(), FIRST_MS);
      if (sensed) this.sense(sensed);
      this.noValues = kit.valueTexture(device, new Uint8Array(4));
      this.land = this.landTile();
      this.restyle();
      this.update(this.view, true);
      kit.fetchJson(`${this.index.root}/labels.json`).then(({ labels, stops, borders }) => {
        this.labels.set(labels);
        Object.assign(this, { stops, borders });
        this.placeLabels();
        this.applySoon();
      }).catch((error) => status('error', error.message));
    }

    /* The graphics card has forgotten everything: the map is made anew, with the same view. */
    lost() {
      if (this.gone) return;
      this.gone = true;
      this.device = null;
      this.store.device = null;
      remake(this);
    }

    /* Takes what was made out of the page again. */
    dispose() {
      this.life.abort();
      try {
        this.deck.finalize();
      } catch {
        // a lost context cannot be tidied up
      }
      this.host.querySelectorAll(':scope > canvas, :scope > [class*="twin-map"], :scope > [class*="deck"]').forEach((element) => element.remove());
      kit.texturesAlive = 0;
    }

    /* One square under everything. */
    landTile() {
      const far = 4e5, paint = this.index.style.paints.findIndex(({ name }) => name === 'land');
      const corners = [[-far, -far], [far, -far], [far, far], [-far, far]].flatMap(([x, y]) => [x, y, 0, 0, paint, -1]);
      return { ground: { land: {
        corners: this.store.vertices(Float32Array.from(corners)), indices: this.store.indices(Uint32Array.from([0, 1, 2, 0, 2, 3])),
      } } };
    }

    /* Colours and light anew; tiles stay. */
    restyle() {
      const { theme = 'light', sun } = this.view;
      const place = sun ? kit.sunOf(sun, this.index.anchor[1], this.index.anchor[0]) : DEFAULT_SUN;
      this.scene = kit.sceneOf(this.index.style, theme, place);
      if (this.paintedTheme !== theme) {
        this.paints?.destroy();
        this.paints = kit.paintTexture(this.device, this.index.style, theme);
        this.paintedTheme = theme;
      }
      this.host.dataset.mapTheme = theme;
    }

    fail(error) {
      status('error', error.message);
    }

    noteRecolour(ms) {
      stats.recolour_ms = ms;
      stats.recolours += 1;
    }

    /* Hands layers to deck.gl: the declared stack, each with its tiles. */
    apply() {
      const { store } = this;
      if (!store.device || (store.left && performance.now() < this.patience)) return;
      store.settle();
      const scene = this.sceneNow();
      const near = store.drawn('near'), ground = store.drawn('ground');
      const tiles = {
        TwinGround: [this.land, ...store.drawn('terrain'), ...ground], TwinBuildings: [...near, ...store.drawn('far')],
        TwinFlow: scene.flow ? ground : [], TwinRings: scene.states ? near : [], ...this.markTiles(),
        TwinShade: near, TwinShadow: near, TwinEdges: near, TwinTrees: store.drawn('trees'), TwinTreeShadow: store.drawn('trees'),
      };
      this.names = ground.flatMap((tile) => tile.names);
      const { zoom } = this.camera;
      const origin = [...this.index.anchor, 0];
      const own = (layer) => {
        const name = layer.constructor.layerName, wanted = layer.props.switch;
        const strength = wanted ? this.strength(wanted) : 1;
        const visible = strength > 0 && zoom >= (layer.props.fromZoom || 0) && (scene.hasShadow || !name.endsWith('Shadow'));
        return layer.clone({
          scene, strength, visible, tiles: this.tilesFor(layer, tiles), names: this.namesFor(zoom), marks: this.marks,
          stops: this.stops, borders: this.borders, areas: this.areas, sensors: name === 'TwinSensors' ? this.sensors.layer(this.view.theme) : null,
          store, bearing: this.camera.bearing, coordinateSystem: window.deck.COORDINATE_SYSTEM.METER_OFFSETS, coordinateOrigin: origin,
        });
      };
      const foreign = (layer) => layer.clone({ visible: this.strength(layer.id) > 0, opacity: this.strength(layer.id) || 1 });
      this.deck.setProps({ layers: this.stack.map((layer) => (layer.constructor.layerName in this.classes ? own(layer) : foreign(layer))) });
      stats.tiles = ground.length + tiles.TwinBuildings.length + tiles.TwinTrees.length;
      stats.buildings = tiles.TwinBuildings.reduce((sum, tile) => sum + (tile.solid.bodyRows?.length ?? tile.solid.rows.length / 4), 0);
      stats.roofs = near.reduce((sum, tile) => sum + (tile.solid.realRoofs || 0), 0);
      stats.requests = store.requests;
      this.complete = store.turn > 0 && !store.left;
      store.forget();
      this.marked.forget();
    }

    /* Sensors and what they said last; the signs stay, what changes is written in place. */
    sense(rows) {
      this.sensors.set(rows);
      if (!this.scene) return;
      this.placeLabels();
      this.apply();
    }

    loadTiles() {
      if (!this.host.clientWidth) return;
      if (this.store.update(this.groundView())) status('loading');
      this.apply();
    }

    resized() {
      this.wantTiles();
      this.placeLabels();
      this.tool.draw();
    }

    /* While the view moves on a machine without graphics card, fewer pixels keep it following the hand. */
    coarsen() {
      if (!this.slow || this.frameSize) return;
      if (!this.coarse) this.deck.setProps({ useDevicePixels: COARSE });
      this.coarse = true;
      this.refine();
    }

    moved(viewState) {
      this.movedAt = performance.now();
      this.coarsen();
      this.camera = { ...kit.kept(viewState, this.frame, this.index.box) };
      this.shareCamera();
      this.tool.draw();
      this.reportCamera();
      this.wantTiles();
      this.placeLabels();
      return this.camera;
    }

    drawn() {
      stats.frames += 1;
      const now = performance.now();
      stats.frame_ms = this.lastFrame ? now - this.lastFrame : null;
      if (!this.coarse && stats.frame_ms && this.movedAt > this.lastFrame) {
        this.pace = 0.6 * (this.pace ?? stats.frame_ms) + 0.4 * stats.frame_ms;
        this.slow = this.pace > SLOW_MS;
      }
      this.lastFrame = now;
      if (this.complete && stats.state !== 'ready') {
        mark('complete');
        stats.first_frame_ms = stats.marks.complete;
        status('ready');
        this.placeLabels();
      }
    }

    /* ---- what the page asks for ---- */

    update(view, first = false) {
      const old = first ? {} : this.view;
      this.view = view;
      if (!this.device) return;
      const differs = (key) => JSON.stringify(view[key]) !== JSON.stringify(old[key]);
      if (differs('theme') || differs('sun')) this.restyle();
      if (differs('padding')) this.deck.setProps({ views: this.views() });
      if (!first && view.camera && view.camera.seq !== old.camera?.seq) this.fly(view.camera);
      if (differs('values') || differs('colour') || differs('filter')) this.recolourTo(view, old);
      if (differs('selection')) this.select(view.selection);
      if (differs('scene')) this.added.set(view.scene);
      if (differs('areas') || differs('pins') || differs('theme')) this.showAreas(view);
      if (differs('tool')) this.tool.set(view.tool);
      if (differs('marked')) this.marked.set('marked', view.marked);
      if (differs('layers') || first) this.placeLabels();
      this.apply();
      if (first || ['layers', 'colour', 'values', 'tool'].some(differs)) this.loadTiles();
    }

    fly(camera, ms) {
      this.go(kit.viewStateOf({ ...kit.cameraOf(this.camera), ...camera }), ms);
    }

    go(state, ms) {
      this.camera = kit.kept(state, this.frame, this.index.box);
      this.deck.setProps({ initialViewState: kit.gliding(window.deck, this.camera, ms) });
      this.tool.draw();
      this.reportCamera();
      this.wantTiles();
      this.placeLabels();
    }
  }

  const RETRY_MS = [300, 2000, 6000];
  const NO_GRAPHICS = new Error('no WebGL');
  let losses = 0; // in a row, without a device between them

  /* After a loss graphics may come back: try again some times, then say that there are none. */
  function remake(old) {
    const camera = kit.cameraOf(old.camera), { places } = old.tool;
    status('lost');
    if (map === old) map = null;
    again(() => {
      old.dispose();
      return begin({ ...latest, camera: { ...latest.camera, ...camera } }, old.host).then(() => {
        if (!map) return;
        map.tool.places = places;
        map.tool.draw();
      });
    });
  }

  function again(run) {
    const wait = RETRY_MS[losses++];
    if (wait === undefined) status('none');
    else setTimeout(run, wait);
  }

  function begin(view, host) {
    starting = start(view, host).catch((error) => {
      if (error !== NO_GRAPHICS) status('error', error.message);
      else if (losses) again(() => begin(view, host));
      else status('none');
    });
    return starting;
  }

  /* Whether this browser can draw at all; asked while the index is on its way. */
  function hasGraphics() {
    try {
      const gl = document.createElement('canvas').getContext('webgl2');
      gl?.getExtension('WEBGL_lose_context')?.loseContext();
      return Boolean(gl);
    } catch {
      return false;
    }
  }

  /* Tiles are on their way while deck.gl still loads. */
  async function start(view, host) {
    if (!losses) status('loading');
    const asked = kit.fetchJson(view.index);
    if (!hasGraphics()) {
      asked.catch(() => null);
      throw NO_GRAPHICS;
    }
    const index = await asked;
    mark('index');
    const early = new TwinMap(host, index, view);
    await Promise.all([bundle(), document.fonts.load('540 24px Figtree').catch(() => null)]);
    map = early;
    map.begin(latest || view);
  }

  let latest = null;
  let sensed = null; // rows of sensors, kept for a map that is made anew

  window.twinMap = {
    /* Shows what `view` says; the first call starts the map in the element with id `map`. */
    update(view) {
      const host = document.getElementById('map');
      if (!view?.index || !host) return;
      latest = view;
      if (map) map.update(view);
      else starting = starting || begin(view, host);
    },
    /* Sensors with their last values (`kit.Sensors`); all of them each time. */
    sensors(rows) {
      sensed = rows;
      if (map?.device) map.sense(rows);
    },
    stats: () => ({ ...stats, textures: kit.texturesAlive }),
    /* North up, keeping the rest. */
    north: () => map?.go({ ...map.camera, bearing: 0 }),
    /* A PNG of the present view without panels: `{width, height, scale}` in pixels of the page. */
    picture: (size) => (map ? map.pictures.take(size) : Promise.reject(new Error('there is no map to draw'))),
    zoom: (by) => map?.go({ ...map.camera, zoom: map.camera.zoom + by }),
    tilt: (pitch) => map?.go({ ...map.camera, pitch }),
    home: () => map?.go({ ...map.camera, ...map.home }),
    camera: () => (map ? kit.cameraOf(map.camera) : null),
    /* Where a position stands on the page, and what is at a point of the map (for tests). */
    project: (lon, lat, z = 0) => map?.viewport().project([lon, lat, z]).slice(0, 2),
    find: (point) => map?.find(point),
  };
})((window.twinMapKit = window.twinMapKit || {}));
