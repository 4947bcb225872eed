/* Layers made of deck.gl's own: street names on the ground, rings around what is marked. */
(function (kit) {
  'use strict';

  const ON_GROUND = { depthCompare: 'always', depthWriteEnabled: false };
  const BEHIND = { depthCompare: 'greater', depthWriteEnabled: false };

  kit.defineWordLayers = function (deck) {
    const METRES = deck.COORDINATE_SYSTEM.METER_OFFSETS;

    /* `names`: [text, x, y, angle, size, main]; turned by half a circle where they stood on their head. */
    class TwinNames extends deck.CompositeLayer {
      renderLayers() {
        const { names, bearing, scene, strength, coordinateOrigin } = this.props;
        if (!scene || !names.length) return [];
        const quarter = Math.round(bearing / 15) * 15; // a new angle only every 15 degrees
        const upright = (angle) => (((angle + quarter + 90) % 360) + 360) % 360 < 180 ? angle : angle + 180;
        const common = {
          data: names, coordinateSystem: METRES, coordinateOrigin, billboard: false, sizeUnits: 'meters',
          getText: (d) => d[0], getPosition: (d) => [d[1], d[2], 0], getSize: (d) => d[4],
          getAngle: (d) => upright(d[3]), getColor: scene.inks.text, outlineColor: scene.inks.halo,
          fontFamily: 'Figtree, sans-serif', fontWeight: 540, characterSet: 'auto', outlineWidth: 3.2,
          fontSettings: { sdf: true, fontSize: 48, buffer: 8, radius: 12, smoothing: 0.2 },
          updateTriggers: { getAngle: quarter },
        };
        return [
          new deck.TextLayer(this.getSubLayerProps({ ...common, id: 'ground', opacity: strength, parameters: ON_GROUND })),
        ];
      }
    }
    TwinNames.layerName = 'TwinNames';
    TwinNames.defaultProps = {
      names: { type: 'array', value: [], compare: false }, scene: { type: 'object', value: null },
      bearing: 0, strength: 1, switch: '', fromZoom: 0,
    };

    /* Names again, faint, where a building stands before them: a name is never lost. */
    class TwinGhosts extends TwinNames {
      renderLayers() {
        return super.renderLayers().map((layer) =>
          layer.clone({ id: `${this.id}-behind`, opacity: this.props.strength * 0.4, parameters: BEHIND }));
      }
    }
    TwinGhosts.layerName = 'TwinGhosts';

    /* What is selected or under the pointer: `marks` = [{paths, kind, state}] in frame metres. */
    class TwinMarks extends deck.CompositeLayer {
      renderLayers() {
        const { marks, scene, coordinateOrigin } = this.props;
        if (!scene) return [];
        const line = (id, data, color, width) => new deck.PathLayer(this.getSubLayerProps({
          id, data, getPath: (path) => path, getColor: color, getWidth: width, widthUnits: 'pixels',
          capRounded: true, jointRounded: true, coordinateSystem: METRES, coordinateOrigin, parameters: ON_GROUND,
        }));
        return marks.flatMap(({ paths, kind, state }) => {
          const ink = state === 'selected' ? scene.inks.selected : scene.inks.hover;
          const [wide, slim] = kind === 'line' ? [state === 'selected' ? 15 : 9, state === 'selected' ? 10 : 6] : [10, 7];
          return [line(`${state}-casing`, paths, scene.inks.casing, wide), line(`${state}-line`, paths, ink, slim)];
        });
      }
    }
    TwinMarks.layerName = 'TwinMarks';
    TwinMarks.defaultProps = {
      marks: { type: 'array', value: [], compare: false }, scene: { type: 'object', value: null }, switch: '', fromZoom: 0,
    };

    /* Borders of districts: a soft band with a fine line in it. */
    class TwinBorders extends deck.CompositeLayer {
      renderLayers() {
        const { borders, scene, strength, coordinateOrigin } = this.props;
        if (!scene || !borders.length) return [];
        const line = (id, width, alpha) => new deck.PathLayer(this.getSubLayerProps({
          id, data: borders, getPath: (path) => path, getColor: [...scene.inks.border, alpha * strength],
          getWidth: width, widthUnits: 'pixels', jointRounded: true, coordinateSystem: METRES, coordinateOrigin,
          parameters: ON_GROUND, updateTriggers: { getColor: [scene.inks.border, strength] },
        }));
        return [line('band', 6, 16), line('line', 1.2, 110)];
      }
    }
    TwinBorders.layerName = 'TwinBorders';
    TwinBorders.defaultProps = {
      borders: { type: 'array', value: [], compare: false }, scene: { type: 'object', value: null },
      strength: 1, switch: '', fromZoom: 0,
    };

    /* Stops as dots with a ring, over buildings: one must find them. */
    class TwinStops extends deck.CompositeLayer {
      renderLayers() {
        const { stops, scene, strength, coordinateOrigin } = this.props;
        if (!scene || !stops.length || scene.table === 'stops') return [];
        return [new deck.ScatterplotLayer(this.getSubLayerProps({
          id: 'dots', data: stops, getPosition: ([x, y]) => [x, y, 0], getRadius: 4.5, radiusUnits: 'pixels',
          getFillColor: scene.inks.stop, getLineColor: scene.inks.casing, getLineWidth: 1.6, lineWidthUnits: 'pixels',
          stroked: true, opacity: strength, billboard: true, coordinateSystem: METRES, coordinateOrigin,
          parameters: ON_GROUND, updateTriggers: { getFillColor: scene.inks.stop, getLineColor: scene.inks.casing },
        }))];
      }
    }
    TwinStops.layerName = 'TwinStops';
    TwinStops.defaultProps = {
      stops: { type: 'array', value: [], compare: false }, scene: { type: 'object', value: null },
      strength: 1, switch: '', fromZoom: 0,
    };
    return { TwinNames, TwinGhosts, TwinMarks, TwinBorders, TwinStops };
  };
})((window.twinMapKit = window.twinMapKit || {}));
