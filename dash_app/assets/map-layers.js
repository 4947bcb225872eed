/* Our deck.gl layers. Each draws many tiles; their graphics buffers belong to the tile store. */
(function (kit) {
  'use strict';

  const OPAQUE = { depthWriteEnabled: true, depthCompare: 'less-equal', cullMode: 'none' };
  const GROUND = { depthWriteEnabled: false, depthCompare: 'always', cullMode: 'none' };
  const OVER = { depthWriteEnabled: false, depthCompare: 'less-equal', cullMode: 'none' };
  const DARKEN = { // overlapping shadows darken once
    ...GROUND, blend: true, blendColorOperation: 'min', blendAlphaOperation: 'max',
    blendColorSrcFactor: 'one', blendColorDstFactor: 'one',
    blendAlphaSrcFactor: 'one', blendAlphaDstFactor: 'one',
  };
  const CORNERS = [{ name: 'corners', byteStride: 24, attributes: [
    { attribute: 'positions', format: 'float32x2', byteOffset: 0 },
    { attribute: 'offsets', format: 'float32x2', byteOffset: 8 },
    { attribute: 'tags', format: 'float32x2', byteOffset: 16 }] }];
  const PICTURE = [{ name: 'corners', byteStride: 16, attributes: [
    { attribute: 'positions', format: 'float32x2', byteOffset: 0 },
    { attribute: 'places', format: 'float32x2', byteOffset: 8 }] }];
  const FILL = 0.72; // strength of a coloured area: the streets below stay in sight
  const POSITIONS = { name: 'positions', format: 'float32x3' };
  const NORMALS = { name: 'normals', format: 'snorm8x4' };

  /* What every layer gets besides its tiles: the scene's uniforms and the table of values. */
  const defaultProps = {
    tiles: { type: 'array', value: [], compare: false },
    scene: { type: 'object', value: null },
    strength: 1,
    switch: '',
    fromZoom: 0,
  };

  kit.defineLayers = function (deck, luma) {
    class TileLayer extends deck.Layer {
      _getAttributeManager() {
        return null; // no accessors: buffers come ready from the tiles
      }

      initializeState() {
        this.state = { models: [], byTile: new Map() };
      }

      /* Models for new tiles, none for those that left. */
      updateState({ props }) {
        const { byTile } = this.state;
        const keep = new Set(props.tiles);
        for (const [tile, models] of byTile) {
          if (keep.has(tile)) continue;
          models.forEach(({ model }) => model.destroy());
          byTile.delete(tile);
        }
        for (const tile of props.tiles) {
          if (!byTile.has(tile)) byTile.set(tile, this.modelsOf(tile));
        }
        const models = props.tiles.flatMap((tile) => byTile.get(tile));
        models.sort((a, b) => a.order - b.order); // casings of all tiles before fills of any
        this.setState({ entries: models, models: models.map(({ model }) => model) });
      }

      model(shader, options) {
        return new luma.Model(this.context.device, {
          id: `${this.id}-model`, topology: 'triangle-list', ...options,
          ...(options.indexBuffer && { vertexCount: options.indexBuffer.corners }), // luma draws so many indices
          ...this.getShaders({ ...shader, modules: [deck.project32, kit.sceneModule] }),
        });
      }

      /* What values colour is drawn for each side of the divider, cut off there. */
      draw({ renderPass }) {
        const { scene, strength } = this.props;
        if (!scene) return;
        for (const { model, uniforms, valued } of this.state.entries) {
          kit.eachSide(scene, this.context, valued?.(scene), (side) => {
            const own = uniforms?.(scene, strength, side);
            if (own === null) return;
            model.shaderInputs.setProps({ twin: { ...this.sceneOf(scene, strength), ...own } });
            model.draw(renderPass);
          });
        }
      }

      sceneOf(scene, strength) {
        return { ...scene.uniforms, view: [scene.zoom, scene.pixel, strength, 0] };
      }
    }
    TileLayer.defaultProps = defaultProps;
    TileLayer.layerName = 'TwinTileLayer';

    /* Land, land use, water, roads, rail: parts in painter's order over all tiles. */
    class TwinGround extends TileLayer {
      modelsOf(tile) {
        return Object.entries(tile.ground)
          .map(([name, part]) => (name === 'relief' ? this.relief(part) : this.part(name, part))).flat();
      }

      relief({ corners, indices, grey }) {
        return [{
          order: kit.groundParts.areas[0] + 0.5,
          model: this.model(kit.reliefShader, { bufferLayout: PICTURE, attributes: { corners }, indexBuffer: indices }),
          uniforms: (scene) => ({
            values: grey, ink: scene.inks.reliefShade, hoverInk: scene.inks.reliefLight,
            view: [scene.zoom, scene.pixel, scene.groups.terrain, 0],
          }),
        }];
      }

      part(name, { corners, indices }) {
        const [order, group, pass, faint] = kit.groundParts[name];
        const make = (at, passNumber) => ({
          order: at,
          model: this.model(kit.groundShader, { bufferLayout: CORNERS, attributes: { corners }, indexBuffer: indices }),
          valued: (scene) => group === 'streets' && !passNumber && kit.hasValues(scene, 'streets'),
          uniforms: (scene, strength, side) => {
            const values = group === 'streets' && !scene.flow ? side.values.streets : null;
            return {
              ink: scene.inks.roadCasing, paints: scene.paints, values: values || scene.noValues,
              marks: [-1, -1, 0, values ? 1 : 0],
              view: [scene.zoom, scene.pixel, scene.groups[group] * faint, passNumber],
            };
          },
        });
        return pass ? [make(order, 1), make(order + 1, 0)] : [make(order, 0)];
      }
    }

    /* Areas and lines over the ground; `table` is the one they are rows of. */
    class TwinOverlay extends TileLayer {
      modelsOf({ overlay, colours }) {
        return ['fill', 'edge'].filter((name) => overlay[name]).map((name, order) => ({
          order,
          model: this.model(kit.areaShader, {
            bufferLayout: CORNERS, attributes: { corners: overlay[name].corners }, indexBuffer: overlay[name].indices,
          }),
          valued: (scene) => kit.hasValues(scene, this.props.table),
          uniforms: (scene, strength, side) => {
            const values = side.values[this.props.table];
            if (side.amounts[this.props.table]) return null; // stands up as prisms
            return {
              paints: scene.paints, values: values || colours || scene.noValues,
              marks: [-1, -1, name === 'fill' ? 1 : 0, values || colours ? 1 : 0],
              view: [scene.zoom, scene.pixel, name === 'edge' ? strength : values ? FILL * strength : 0, 0],
            };
          },
        }));
      }
    }

    class TwinBuildings extends TileLayer {
      modelsOf({ mesh }) {
        if (!mesh) return [];
        return [{
          order: 0,
          model: this.model(kit.buildingShader, {
            bufferLayout: [POSITIONS, NORMALS, { name: 'rows', format: 'float32' }],
            attributes: { positions: mesh.positions, normals: mesh.normals, rows: mesh.rows },
            indexBuffer: mesh.indices, parameters: OPAQUE,
          }),
          valued: (scene) => kit.hasValues(scene, 'buildings'),
          uniforms: (scene, strength, side) => ({
            values: side.values.buildings || scene.noValues, states: scene.states || scene.noValues,
            marks: [...scene.marks, side.values.buildings ? 1 : 0],
          }),
        }];
      }
    }

    class TwinShadow extends TileLayer {
      modelsOf({ mesh }) {
        if (!mesh || !mesh.edges) return [];
        return [{
          order: 0,
          model: this.model(kit.shadowShader, {
            bufferLayout: [POSITIONS], attributes: { positions: mesh.positions }, indexBuffer: mesh.indices,
          }),
          uniforms: (scene) => ({ ink: scene.inks.shadow }),
        }];
      }
    }

    class TwinShade extends TileLayer {
      modelsOf({ mesh }) {
        if (!mesh || !mesh.shade) return [];
        return [{
          order: 0,
          model: this.model(kit.shadeShader, {
            bufferLayout: [POSITIONS], attributes: { positions: mesh.shade }, indexBuffer: mesh.shadeIndices,
          }),
          uniforms: (scene) => ({ ink: scene.inks.shade }),
        }];
      }
    }

    class TwinEdges extends TileLayer {
      modelsOf({ mesh }) {
        if (!mesh || !mesh.edges) return [];
        return [{
          order: 0,
          model: this.model(kit.edgeShader, {
            topology: 'line-list', bufferLayout: [POSITIONS],
            attributes: { positions: mesh.edges }, vertexCount: mesh.edgeCount,
          }),
          uniforms: (scene) => ({ ink: scene.inks.edge }),
        }];
      }
    }

    class TwinTrees extends TileLayer {
      modelsOf({ trees }) {
        const model = this.model(kit.treeShader, {
          isInstanced: true, instanceCount: trees.count,
          bufferLayout: [POSITIONS, { name: 'normals', format: 'float32x3' },
            { name: 'trees', format: 'float32x4', stepMode: 'instance' },
            { name: 'needles', format: 'float32', stepMode: 'instance' }],
          attributes: {
            positions: trees.crown.positions, normals: trees.crown.normals,
            trees: trees.places, needles: trees.needles,
          },
          indexBuffer: trees.crown.indices,
        });
        return [{ order: 0, model, uniforms: (scene, strength) => this.look(scene, strength) }];
      }

      look(scene) {
        return { ink: scene.inks.tree };
      }
    }

    /* Shadows of trees lie on the ground, so they are drawn before the buildings. */
    class TwinTreeShadow extends TwinTrees {
      look(scene, strength) {
        return { ink: scene.inks.shadow, view: [scene.zoom, scene.pixel, strength, 1] };
      }
    }

    const named = (Type, layerName, parameters) => {
      Type.layerName = layerName;
      Type.defaultProps = { ...(parameters ? { parameters } : {}) };
      return Type;
    };
    return {
      TwinGround: named(TwinGround, 'TwinGround', GROUND),
      TwinOverlay: Object.assign(named(TwinOverlay, 'TwinOverlay', GROUND), {
        defaultProps: { parameters: GROUND, table: '' },
      }),
      TwinShade: named(TwinShade, 'TwinShade', GROUND),
      TwinShadow: named(TwinShadow, 'TwinShadow', DARKEN),
      TwinBuildings: named(TwinBuildings, 'TwinBuildings', OPAQUE),
      TwinEdges: named(TwinEdges, 'TwinEdges', OVER),
      TwinTrees: named(TwinTrees, 'TwinTrees', OPAQUE),
      TwinTreeShadow: named(TwinTreeShadow, 'TwinTreeShadow', DARKEN),
      ...kit.defineMarkLayers({ deck, TileLayer, named, CORNERS, POSITIONS, NORMALS, OPAQUE, GROUND, OVER, DARKEN }),
      ...kit.defineDataLayers({ TileLayer, named, CORNERS, POSITIONS, NORMALS, OPAQUE, GROUND, OVER, DARKEN }),
      ...kit.defineWordLayers(deck),
      ...kit.defineSensorLayers(deck),
    };
  };

  kit.hasValues = (scene, table) => scene.sides.some(({ values }) => values[table]);

  /* Runs `draw` once, or for each side of the divider within its half of the canvas. */
  kit.eachSide = function ({ sides, split, at }, { viewport, device }, differs, draw) {
    if (sides.length < 2) return draw(sides[0]);
    if (split === 'twin') return draw(sides[viewport.id === 'right' ? 1 : 0]);
    if (!differs) return draw(sides[0]);
    const { gl } = device, width = gl.drawingBufferWidth, height = gl.drawingBufferHeight;
    const middle = Math.round(at * width);
    gl.enable(gl.SCISSOR_TEST);
    gl.scissor(0, 0, middle, height);
    if (middle > 0) draw(sides[0]);
    gl.scissor(middle, 0, width - middle, height);
    if (middle < width) draw(sides[1]);
    gl.disable(gl.SCISSOR_TEST);
  };

  /* Part of a ground tile: [order, switch, has a casing below, strength]. */
  kit.groundParts = {
    land: [0, 'land', false, 1],
    areas: [1, 'landuse', false, 1],
    water: [2, 'water', false, 1],
    shore: [3, 'water', false, 0.8],
    waterways: [4, 'water', false, 1],
    tunnels: [5, 'streets', false, 0.35],
    paths: [6, 'streets', false, 1],
    roads: [7, 'streets', true, 1],
    rail: [9, 'rail', false, 1],
    bridges: [10, 'streets', true, 1],
    railBridges: [12, 'rail', false, 1],
  };
})((window.twinMapKit = window.twinMapKit || {}));
