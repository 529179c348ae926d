'use strict';
/*
 * Shows HEIF pictures: decodes those that are visible, one at a time. The same file is the script of the page and of
 * its worker, so that a picture neither blocks the page nor is decoded where the page's data is. The worker has its own
 * Content-Security-Policy, the only one that permits WebAssembly.
 */
if (typeof document === 'undefined') {
  const MAX_BYTES = 40e6;
  const MAX_PIXELS = 50e6;
  let decoder;

  const load = async ({ script, wasm }) => {
    importScripts(script);
    const { HeifDecoder } = libheif({ wasmBinary: await (await fetch(wasm)).arrayBuffer() });
    return new HeifDecoder();
  };

  const convert = async ({ source, width }) => {
    const response = await fetch(source);
    if (!response.ok || Number(response.headers.get('content-length')) > MAX_BYTES) {
      throw new Error(`no picture: ${response.status}`);
    }
    const pictures = decoder.decode(await response.arrayBuffer());
    const picture = pictures.find(one => one.is_primary?.()) ?? pictures[0];
    try {
      const size = { width: picture.get_width(), height: picture.get_height() };
      if (size.width * size.height > MAX_PIXELS) {
        throw new Error('too many pixels');
      }
      const pixels = new ImageData(size.width, size.height);
      await new Promise((resolve, reject) =>
        picture.display(pixels, done => (done ? resolve() : reject(new Error('not decodable')))));
      const bitmap = await createImageBitmap(pixels);
      const factor = Math.min(1, width / size.width);
      const canvas = new OffscreenCanvas(Math.ceil(size.width * factor), Math.ceil(size.height * factor));
      canvas.getContext('2d').drawImage(bitmap, 0, 0, canvas.width, canvas.height);
      return canvas.convertToBlob({ type: 'image/jpeg', quality: 0.85 });
    } finally {
      pictures.forEach(one => one.free());
    }
  };

  onmessage = async ({ data }) => {
    try {
      decoder ??= await load(data);
      postMessage({ blob: await convert(data) });
    } catch (e) {
      postMessage({ error: String(e) });
    }
  };
} else {
  const MAX_WIDTH = 2560;
  const MAX_MILLIS = 30000;
  const own = document.currentScript;
  const address = (window.trustedTypes?.createPolicy('heif', { createScriptURL: () => own.src })
    ?.createScriptURL('')) ?? own.src;
  const waiting = new Set();
  let worker;
  let busy = false;

  const decode = image => new Promise((resolve, reject) => {
    worker ??= new Worker(address);
    const timer = setTimeout(() => stop(new Error('too slow')), MAX_MILLIS);
    const stop = error => {
      clearTimeout(timer);
      worker.terminate();
      worker = null;
      reject(error);
    };
    worker.onerror = () => stop(new Error('the decoder failed'));
    worker.onmessage = ({ data }) => {
      clearTimeout(timer);
      return data.blob ? resolve(data.blob) : reject(new Error(data.error));
    };
    // a picture without a source may be as wide as its text
    const shown = Math.max(image.clientWidth, image.parentElement.clientWidth) * devicePixelRatio;
    worker.postMessage({
      source: image.dataset.heif,
      width: Math.min(MAX_WIDTH, Math.ceil(shown)) || MAX_WIDTH,
      script: own.dataset.decoder,
      wasm: own.dataset.wasm,
    });
  });

  const next = async () => {
    const [image] = waiting;
    if (busy || !image) {
      return;
    }
    busy = true;
    waiting.delete(image);
    try {
      const source = URL.createObjectURL(await decode(image));
      image.addEventListener('load', () => URL.revokeObjectURL(source), { once: true });
      image.src = source;
      image.dataset.heifState = 'shown';
    } catch (e) {
      image.dataset.heifState = 'failed'; // the text of the picture and the link to the original remain
    }
    busy = false;
    next();
  };

  const visible = new IntersectionObserver(entries => {
    entries.forEach(({ target, isIntersecting }) => {
      if (isIntersecting && !target.dataset.heifState) {
        waiting.add(target);
      } else {
        waiting.delete(target);
      }
    });
    next();
  }, { rootMargin: '200px' });
  document.querySelectorAll('img[data-heif]').forEach(image => visible.observe(image));
}
