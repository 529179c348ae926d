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
      const pixels = { width: picture.get_width(), height: picture.get_height() };
      if (pixels.width * pixels.height > MAX_PIXELS) {
        throw new Error('too many pixels');
      }
      const image = new ImageData(pixels.width, pixels.height);
      await new Promise((resolve, reject) => picture.display(image, done => (done ? resolve : reject)()));
      const factor = Math.min(1, width / pixels.width);
      const canvas = new OffscreenCanvas(Math.ceil(pixels.width * factor), Math.ceil(pixels.height * factor));
      canvas.getContext('2d').drawImage(await createImageBitmap(image), 0, 0, canvas.width, canvas.height);
      return canvas.convertToBlob({ type: 'image/jpeg', quality: 0.85 });
    } finally {
      pictures.forEach(one => one.free());
    }
  };

  onmessage = async ({ data }) => {
    try {
      decoder ??= await load(data);
      postMessage(await convert(data));
    } catch {
      postMessage(null);
    }
  };
} else {
  const MAX_WIDTH = 2560;
  const MAX_MILLIS = 30000;
  const own = document.currentScript;
  const address = window.trustedTypes
    ?.createPolicy('heif', { createScriptURL: () => own.src }).createScriptURL('') ?? own.src;
  const waiting = new Set();
  let worker;
  let busy = false;

  /** Returns the picture as a JPEG; null if it cannot be decoded. A worker that does not answer is replaced. */
  const decode = image => new Promise(resolve => {
    worker ??= new Worker(address);
    const end = blob => {
      clearTimeout(timer);
      resolve(blob);
    };
    const stop = () => {
      worker.terminate();
      worker = null;
      end(null);
    };
    const timer = setTimeout(stop, MAX_MILLIS);
    worker.onerror = stop;
    worker.onmessage = ({ data }) => end(data);
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
    visible.unobserve(image);
    const jpeg = await decode(image);
    if (jpeg) { // otherwise the text of the picture and the link to the original remain
      image.src = URL.createObjectURL(jpeg);
      image.addEventListener('load', () => URL.revokeObjectURL(image.src), { once: true });
    }
    busy = false;
    next();
  };

  const visible = new IntersectionObserver(entries => {
    entries.forEach(({ target, isIntersecting }) => waiting[isIntersecting ? 'add' : 'delete'](target));
    next();
  }, { rootMargin: '200px' });
  document.querySelectorAll('img[data-heif]').forEach(image => visible.observe(image));
}
