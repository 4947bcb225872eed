/* From a column of values to one colour for each row: the only work a recolouring does. */
(function (kit) {
  'use strict';

  // alpha: value, value kept back (hatched), out of the filter, no value asked for
  const SHOWN = 255, WITHHELD = 224, FADED = 128, PLAIN = 0;

  const between = (low, high, f) => low.map((value, i) => value + (high[i] - value) * f);

  /* Colour of a number: its class, or its place between two limits. */
  function numberColour({ kind, breaks }, colours) {
    const limits = Float64Array.from(breaks);
    if (kind === 'continuous') {
      return (value) => {
        let at = 0;
        while (at < limits.length - 2 && value > limits[at + 1]) at++;
        const f = (value - limits[at]) / (limits[at + 1] - limits[at] || 1);
        return between(colours[at], colours[at + 1], Math.min(Math.max(f, 0), 1));
      };
    }
    return (value) => {
      let at = 0;
      while (at < limits.length && value >= limits[at]) at++;
      return colours[Math.min(at, colours.length - 1)];
    };
  }

  /* `part`: a decoded column; `colour`: the scale of the view; rows without a value are grey, or left out
     where that is not said. Gives rgba bytes, row by row. */
  kit.colourRows = function ({ header, columns }, colour, sayMissing = true) {
    const values = columns.value, withheld = columns.withheld, out = new Uint8Array(4 * values.length);
    const colours = colour.colours.map(kit.rgb), nodata = kit.rgb(colour.nodata);
    const words = header.kind === 'category';
    const code = words ? header.words.map((word) => colours[colour.breaks.indexOf(word)] || nodata) : null;
    const ofNumber = words ? null : numberColour(colour, colours);
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      const kept = withheld && withheld[i] > 0;
      const missing = kept || (words ? value === 0 : Number.isNaN(value));
      const [r, g, b] = missing ? nodata : words ? code[value - 1] : ofNumber(value);
      out[4 * i] = r;
      out[4 * i + 1] = g;
      out[4 * i + 2] = b;
      out[4 * i + 3] = kept ? WITHHELD : missing && !sayMissing ? PLAIN : SHOWN;
    }
    return out;
  };

  /* Marks every row whose word is not `keep` as out of the filter. */
  kit.fadeOthers = function (colours, { header, columns }, keep) {
    const code = header.words.indexOf(keep) + 1;
    columns.value.forEach((value, i) => {
      if (value !== code) colours[4 * i + 3] = FADED;
      else if (colours[4 * i + 3] === FADED) colours[4 * i + 3] = PLAIN;
    });
    return colours;
  };
})((window.twinMapKit = window.twinMapKit || {}));
