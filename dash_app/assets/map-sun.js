/* Where the sun stands: NOAA's solar calculator (gml.noaa.gov/grad/solcalc), good to a few hundredths
   of a degree. Times are German wall clock (CET, or CEST from the last Sunday in March to October). */
(function (kit) {
  'use strict';

  const rad = Math.PI / 180;

  const lastSunday = (year, month) => {
    const last = new Date(Date.UTC(year, month, 0));
    return last.getUTCDate() - last.getUTCDay();
  };

  kit.isSummerTime = function (year, month, day) {
    if (month < 3 || month > 10) return false;
    if (month > 3 && month < 10) return true;
    return month === 3 ? day >= lastSunday(year, 3) : day < lastSunday(year, 10);
  };

  /* Azimuth (degrees clockwise from north) and elevation (degrees, no refraction) at a UTC time. */
  kit.sunAt = function (time, lat, lon) {
    const century = (time / 86400000 + 2440587.5 - 2451545) / 36525;
    const meanLongitude = 280.46646 + century * (36000.76983 + century * 0.0003032);
    const anomaly = 357.52911 + century * (35999.05029 - 0.0001537 * century);
    const orbit = 0.016708634 - century * (0.000042037 + 0.0000001267 * century);
    const centre =
      Math.sin(anomaly * rad) * (1.914602 - century * (0.004817 + 0.000014 * century)) +
      Math.sin(2 * anomaly * rad) * (0.019993 - 0.000101 * century) +
      Math.sin(3 * anomaly * rad) * 0.000289;
    const node = (125.04 - 1934.136 * century) * rad;
    const longitude = (meanLongitude + centre - 0.00569 - 0.00478 * Math.sin(node)) * rad;
    const tilt0 = 23 + (26 + (21.448 - century * (46.815 + century * (0.00059 - century * 0.001813))) / 60) / 60;
    const tilt = (tilt0 + 0.00256 * Math.cos(node)) * rad;
    const declination = Math.asin(Math.sin(tilt) * Math.sin(longitude));
    const y = Math.tan(tilt / 2) ** 2;
    const l0 = meanLongitude * rad, m = anomaly * rad;
    const equation = (4 / rad) * (
      y * Math.sin(2 * l0) - 2 * orbit * Math.sin(m) + 4 * orbit * y * Math.sin(m) * Math.cos(2 * l0) -
      0.5 * y * y * Math.sin(4 * l0) - 1.25 * orbit * orbit * Math.sin(2 * m));
    const minutes = (time / 60000) % 1440;
    const hour = ((minutes + equation + 4 * lon) / 4 - 180) * rad;
    const phi = lat * rad;
    const sine = Math.sin(phi) * Math.sin(declination) + Math.cos(phi) * Math.cos(declination) * Math.cos(hour);
    const north = Math.sin(declination) * Math.cos(phi) - Math.cos(declination) * Math.cos(hour) * Math.sin(phi);
    const east = -Math.cos(declination) * Math.sin(hour);
    return { azimuth: (Math.atan2(east, north) / rad + 360) % 360, elevation: Math.asin(sine) / rad };
  };

  /* The same for `{month, day, minutes}` of the view; the year fixes when the clocks change. */
  kit.sunOf = function ({ month, day, minutes, year = 2026 }, lat, lon) {
    const offset = kit.isSummerTime(year, month, day) ? 120 : 60;
    return kit.sunAt(Date.UTC(year, month - 1, day) + (minutes - offset) * 60000, lat, lon);
  };
})((window.twinMapKit = window.twinMapKit || {}));
