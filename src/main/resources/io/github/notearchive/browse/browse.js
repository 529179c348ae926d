// Comfort for readers with a keyboard. Each page works without it.
'use strict';

const texts = document.currentScript.dataset;
const all = selector => [...document.querySelectorAll(selector)];
const one = selector => document.querySelector(selector);
const neighbour = by => one(by > 0 ? '[data-next]' : '[data-prev]');

function element(name, properties, ...children) {
  const created = Object.assign(document.createElement(name), properties);
  created.append(...children);
  return created;
}

/** Moves the focus to the card after or before the focused one; without cards, opens the neighbour of the page. */
function step(by) {
  const cards = all('[data-card]');
  if (cards.length === 0) {
    neighbour(by)?.click();
  } else {
    (cards[cards.indexOf(document.activeElement) + by] ?? neighbour(by))?.focus();
  }
}

const lightbox = one('[data-lightbox]');
const stage = lightbox?.querySelector('.stage');
const slides = all('[data-slide]');
let shown = 0;

/** Shows a slide over the page. */
function enlarge(number) {
  shown = (number + slides.length) % slides.length;
  const media = slides[shown].querySelector('img, video, .hidden').cloneNode(true);
  const [count, link] = lightbox.querySelectorAll('output, a');
  count.value = `${shown + 1} / ${slides.length}`;
  link.hidden = media.matches('div');
  link.href = slides[shown].querySelector('a')?.href ?? media.src;
  Object.assign(media, media.matches('img') && { loading: 'eager', sizes: '100vw', draggable: false });
  stage.classList.remove('pixels');
  stage.replaceChildren(media);
  if (!lightbox.open) {
    lightbox.showModal();
  }
  mark();
}

/** Marks the slide that is shown in the strips. */
function mark() {
  all('.strip a').forEach((link, i) => {
    const isShown = i % slides.length === shown;
    link.ariaCurrent = isShown ? 'true' : null;
    if (isShown) {
      link.parentElement.scrollLeft = link.offsetLeft - (link.parentElement.clientWidth - link.clientWidth) / 2;
    }
  });
}

/** Shows the pixels of the file around a point, from -0.5 to 0.5 of the picture; or the whole picture. */
async function zoom(picture, x, y) {
  if (stage.classList.toggle('pixels')) {
    const thumbnail = picture.currentSrc;
    picture.srcset = '';
    picture.src = lightbox.querySelector('a').href;
    await picture.decode().catch(() => { picture.src = thumbnail; }); // not a format of this browser
    stage.scrollTo((x + 0.5) * picture.width - stage.clientWidth / 2, (y + 0.5) * picture.height - stage.clientHeight / 2);
  }
}

if (slides.length > 0) {
  const strip = one('.strip');
  lightbox.append(...(strip ? [strip.cloneNode(true)] : []));
  all('.strip a').forEach((link, i) => link.addEventListener('click', event => {
    event.preventDefault();
    if (lightbox.open) {
      enlarge(i % slides.length);
    } else {
      slides[i].scrollIntoView({ block: 'nearest', inline: 'center' });
    }
  }));
  slides.forEach((slide, i) => slide.querySelector('.zoom')?.addEventListener('click', event => {
    if (!event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      enlarge(i);
    }
  }));
  const observer = new IntersectionObserver(entries => entries.filter(entry => entry.isIntersecting && !lightbox.open).forEach(entry => {
    shown = slides.indexOf(entry.target);
    mark();
  }), { root: slides[0].parentElement, threshold: 0.6 });
  slides.forEach(slide => observer.observe(slide));
  stage.addEventListener('click', ({ target, offsetX, offsetY }) => {
    const scale = Math.min(target.width / target.naturalWidth, target.height / target.naturalHeight);
    const [x, y] = [(offsetX - target.width / 2) / target.naturalWidth / scale, (offsetY - target.height / 2) / target.naturalHeight / scale];
    if (Math.abs(x) <= 0.5 && Math.abs(y) <= 0.5) {
      zoom(target, x, y);
    } else if (!target.matches('video')) {
      lightbox.close(); // beside the picture
    }
  });
  let start;
  stage.addEventListener('pointerdown', event => { start = event.clientX; });
  stage.addEventListener('pointerup', event => {
    const by = start - event.clientX;
    if (event.pointerType === 'touch' && Math.abs(by) > 50 && !stage.classList.contains('pixels')) {
      turn(Math.sign(by));
    }
  });
  all('[data-turn]').forEach(button => {
    button.hidden = slides.length === 1;
    button.addEventListener('click', () => turn(Number(button.dataset.turn)));
  });
  one('[data-close]').addEventListener('click', () => lightbox.close());
  lightbox.addEventListener('close', () => {
    stage.replaceChildren();
    slides[shown].scrollIntoView({ block: 'nearest', inline: 'center', behavior: 'instant' });
  });
}

/** Shows the next or previous slide; on a page without slides, opens the page after or before this one. */
function turn(by) {
  const track = one('[data-slide] + [data-slide]')?.parentElement;
  if (lightbox?.open) {
    enlarge(shown + by);
  } else if (track) {
    track.scrollBy({ left: by * track.clientWidth });
  } else {
    neighbour(by)?.click();
  }
}

const box = one('form.search input');
const help = one('dialog.keys');

const open = () => (document.activeElement?.matches('[data-card]') ? document.activeElement : one('[data-original]'))?.click();

const keys = {
  j: () => step(1),
  k: () => step(-1),
  o: open,
  v: () => slides.length > 0 && enlarge(shown),
  d: () => one('[data-zip]')?.click(),
  ArrowRight: () => turn(1),
  ArrowLeft: () => turn(-1),
  '/': () => { box.focus(); box.select(); },
  '?': () => help.showModal(),
  Escape: () => document.activeElement?.blur(),
};

document.addEventListener('keydown', event => {
  const isTyping = event.target.closest?.('input, textarea, select, video, audio, [role=region]');
  const isEscape = event.key === 'Escape';
  const isOther = event.ctrlKey || event.altKey || event.metaKey || event.isComposing || help.open
    || (lightbox?.open && !event.key.startsWith('Arrow'));
  if (!keys[event.key] || isOther || (isTyping && !isEscape)) {
    return;
  }
  if (!isEscape) {
    event.preventDefault();
  }
  keys[event.key]();
});

for (const button of all('[data-help]')) {
  button.hidden = false;
  button.addEventListener('click', keys['?']);
}

/** Adds a button that copies a command. */
for (const command of all('code[data-copy]')) {
  const button = element('button', { type: 'button', className: 'copy', textContent: texts.copy });
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(command.textContent.trim());
      button.textContent = texts.copied;
    } catch {
      getSelection().selectAllChildren(command);
    }
  });
  command.after(button);
}

/** Suggestions for the last word of the search box: a combobox with a list, as WAI-ARIA describes it. */
const list = element('ul', { id: 'suggestions', role: 'listbox', ariaLabel: texts.count, hidden: true });
let waiting;

const lastWord = () => /(?:^|[\s(])-?((?:author:|topic:)?"?[^\s":]+)$/.exec(box.value)?.[1] ?? '';

function show(options) {
  list.replaceChildren(...options);
  list.hidden = options.length === 0;
  box.ariaExpanded = String(options.length > 0);
  select(null);
}

function select(option) {
  for (const each of list.children) {
    each.ariaSelected = String(each === option);
  }
  box.setAttribute('aria-activedescendant', option?.id ?? '');
  option?.scrollIntoView({ block: 'nearest' });
}

function accept(option) {
  box.value = box.value.slice(0, box.value.length - lastWord().length) + option.dataset.value + ' ';
  show([]);
  box.focus();
}

async function suggest() {
  const word = lastWord();
  const name = word.replace(/^(author|topic):/, '').replace('"', '');
  const response = name && await fetch('/suggest?q=' + encodeURIComponent(name)).catch(() => null);
  const found = response?.ok ? await response.json() : [];
  if (lastWord() === word && document.activeElement === box) {
    show(found.map(({ kind, label, notes, value }, index) => {
      const text = element('bdi', { textContent: (kind === 'topic' ? '#' : '@') + label });
      const count = element('span', { textContent: notes.toLocaleString() });
      const option = element('li', { id: 'suggestion-' + index, role: 'option', ariaSelected: 'false' }, text, count);
      option.dataset.value = value;
      option.addEventListener('pointerdown', event => { event.preventDefault(); accept(option); });
      return option;
    }));
  }
}

Object.assign(box, { role: 'combobox', ariaAutoComplete: 'list', ariaExpanded: 'false' });
box.setAttribute('aria-controls', list.id);
box.form.append(list);
box.addEventListener('blur', () => show([]));
box.addEventListener('input', () => {
  clearTimeout(waiting);
  waiting = setTimeout(suggest, 150);
});
box.addEventListener('keydown', event => {
  const options = [null, ...list.children]; // the first selects none: the text is the reader's own
  const at = Math.max(0, options.findIndex(option => option?.ariaSelected === 'true'));
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === 'Escape' && !list.hidden) {
    show([]);
    event.stopPropagation();
  } else if (by && !list.hidden) {
    event.preventDefault();
    select(options.at((at + by) % options.length));
  } else if (event.key === 'Enter' && options[at]) {
    event.preventDefault();
    accept(options[at]);
  }
});

/** Plays the motion of a live photo while its control is open. */
for (const live of all('details[data-live]')) {
  const video = live.querySelector('video');
  live.addEventListener('toggle', () => (live.open ? video.play().catch(() => {}) : video.pause()));
}
