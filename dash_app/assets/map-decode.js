/* Reads the map's binary format (see dash_app/map/binary.py) and fetches parts of a city. */
(function (kit) {
  'use strict';

  const TYPES = {
    u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, i2: Int16Array, i4: Int32Array, f4: Float32Array,
  };

  /* Bytes sorted by place (all low bytes first) back to numbers. */
  function unplane(bytes, width, length, Type) {
    const sorted = new Uint8Array(length * width);
    for (let place = 0; place < width; place++) {
      const from = place * length;
      for (let i = 0; i < length; i++) sorted[i * width + place] = bytes[from + i];
    }
    return new Type(sorted.buffer);
  }

  /* Zigzag coded differences to the value `stride` places before, back to whole numbers. */
  function undelta(coded, stride) {
    const values = new Int32Array(coded.length);
    for (let i = 0; i < coded.length; i++) {
      const step = (coded[i] >>> 1) ^ -(coded[i] & 1);
      values[i] = i < stride ? step : values[i - stride] + step;
    }
    return values;
  }

  function column(buffer, start, entry) {
    const Type = TYPES[entry.type];
    const width = Type.BYTES_PER_ELEMENT;
    const bytes = new Uint8Array(buffer, start + entry.offset, entry.length * width);
    const values = entry.planes
      ? unplane(bytes, width, entry.length, Type)
      : new Type(buffer, start + entry.offset, entry.length);
    return entry.delta ? undelta(values, entry.delta) : values;
  }

  kit.decode = function (buffer) {
    const view = new DataView(buffer);
    if (view.byteLength < 8 || view.getUint32(0) !== 0x54574d31) throw new Error('not a map part');
    const size = view.getUint32(4, true);
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, size)));
    const columns = {};
    for (const entry of header.columns) columns[entry.name] = column(buffer, 8 + size, entry);
    return { header, columns };
  };

  /* Dash answers unknown addresses with its page and 200, so the type counts, not the status alone. */
  async function fetched(url, type, signal) {
    const answer = await fetch(url, { signal });
    const kind = answer.headers.get('content-type') || '';
    if (!answer.ok || !kind.startsWith(type)) {
      throw new Error(`${url}: ${answer.status} ${kind}`);
    }
    return answer;
  }

  kit.fetchPart = async (url, signal) =>
    kit.decode(await (await fetched(url, 'application/octet-stream', signal)).arrayBuffer());

  kit.fetchJson = async (url, signal) => (await fetched(url, 'application/json', signal)).json();

  kit.rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
})((self.twinMapKit = self.twinMapKit || {}));
