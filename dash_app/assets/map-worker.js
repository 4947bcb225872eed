/* Reads tiles beside the page: as a worker it answers orders, as a script it starts that worker. */
(function () {
  'use strict';

  const FILES = ['decode', 'triangles', 'ground', 'roofs', 'planes', 'buildings', 'overlay', 'read'];

  function asWorker(kit) {
    self.onmessage = async ({ data: { id, order } }) => {
      try {
        const content = await kit.readTile(order);
        self.postMessage({ id, content }, [...new Set(kit.buffersOf(content))]);
      } catch (error) {
        self.postMessage({ id, error: String(error.message || error) });
      }
    };
  }

  function asScript(kit) {
    const source = document.currentScript.src;
    const waiting = new Map();
    let worker = null, id = 0;

    const start = () => {
      worker = new Worker(source);
      worker.onmessage = ({ data }) => {
        const { done, fail } = waiting.get(data.id);
        waiting.delete(data.id);
        if (data.error) fail(new Error(data.error));
        else done(data.content);
      };
      worker.onerror = () => { // no worker here: the page reads its tiles itself
        worker = false;
        for (const { order, done, fail } of waiting.values()) kit.readTile(order).then(done, fail);
        waiting.clear();
      };
    };

    kit.ordered = function (order) {
      if (worker === null) {
        try {
          start();
        } catch {
          worker = false;
        }
      }
      if (!worker) return kit.readTile(order);
      return new Promise((done, fail) => {
        waiting.set(++id, { order, done, fail });
        worker.postMessage({ id, order });
      });
    };
  }

  if (typeof document === 'undefined') {
    if (!self.twinMapKit) { // not packed with the others
      const here = self.location.href;
      self.importScripts(...FILES.map((name) => here.replace('map-worker', `map-${name}`)));
    }
    asWorker(self.twinMapKit);
  } else {
    asScript(window.twinMapKit = window.twinMapKit || {});
  }
})();
