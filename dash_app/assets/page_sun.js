// The small picture in the sun bar; where the sun stands says assets/map-sun.js.
"use strict";

(() => {
  const page = window.twinPage;

  // The way of the sun over the chosen day: height over the horizon, and where it stands now.
  let drawn = "";
  page.drawSun = ({sun, camera}) => {
    const holder = document.getElementById("sun-curve");
    const kit = window.twinMapKit;
    if (!holder || !sun || !kit || !kit.sunOf) return;
    const key = JSON.stringify([sun, window.innerWidth, page.theme(), Math.round(camera.lat)]);
    if (key === drawn && holder.firstChild) return;
    const {width, height} = holder.getBoundingClientRect();
    if (!width) return;
    drawn = key;
    const canvas = holder.querySelector("canvas") || holder.appendChild(
      document.createElement("canvas"));
    const ratio = window.devicePixelRatio || 1;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    const pen = canvas.getContext("2d");
    const style = getComputedStyle(document.documentElement);
    const edge = 8;
    const at = (minutes) => {
      const {elevation} = kit.sunOf({...sun, minutes}, camera.lat, camera.lon);
      return [edge + (minutes / 1430) * (width - 2 * edge),
        height * 0.72 - (elevation / 65) * height * 0.58];
    };
    pen.scale(ratio, ratio);
    pen.lineWidth = 1;
    pen.strokeStyle = style.getPropertyValue("--line-strong");
    pen.setLineDash([2, 3]);
    pen.beginPath();
    pen.moveTo(edge, height * 0.72);
    pen.lineTo(width - edge, height * 0.72);
    pen.stroke();
    pen.setLineDash([]);
    pen.lineWidth = 1.5;
    pen.strokeStyle = style.getPropertyValue("--ink-3");
    pen.beginPath();
    for (let minutes = 0; minutes <= 1430; minutes += 22) pen.lineTo(...at(minutes));
    pen.stroke();
    pen.beginPath();
    pen.arc(...at(sun.minutes), 6, 0, 2 * Math.PI);
    pen.fillStyle = style.getPropertyValue("--sunlight");
    pen.fill();
    pen.lineWidth = 2;
    pen.strokeStyle = style.getPropertyValue("--surface");
    pen.stroke();
  };
})();
