// Comfort for readers with a keyboard. Each page works without it.
'use strict';

const texts = document.currentScript.dataset;
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const one = (selector, root = document) => root.querySelector(selector);

function element(name, properties, ...children) {
  const created = Object.assign(document.createElement(name), properties);
  created.append(...children);
  return created;
}

/** Moves the focus to the card after or before the focused one; without cards, opens the neighbour of the page. */
function step(by) {
  const cards = all('[data-card]');
  if (cards.length === 0) {
    one(by > 0 ? '[data-next]' : '[data-prev]')?.click();
    return;
  }
  const at = cards.indexOf(document.activeElement);
  const next = at < 0 ? (by > 0 ? 0 : -1) : at + by;
  if (cards[next]) {
    cards[next].focus();
  } else {
    one(by > 0 ? '[data-next]' : '[data-prev]')?.focus();
  }
}

/** Shows the next or previous slide; on a page without slides, opens the page after or before this one. */
function turn(by) {
  const slides = all('[data-slide]');
  const track = slides[0]?.parentElement;
  if (slides.length > 1) {
    const at = Math.round(track.scrollLeft / track.clientWidth);
    const to = slides[Math.min(slides.length - 1, Math.max(0, at + by))];
    const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    track.scrollTo({ left: to.offsetLeft - slides[0].offsetLeft, behavior: isCalm ? 'auto' : 'smooth' });
  } else {
    one(by > 0 ? '[data-next]' : '[data-prev]')?.click();
  }
}

const box = one('form.search input');
const help = one('dialog');

function openHelp() {
  if (!help.open) {
    help.showModal();
  }
}

const keys = {
  j: () => step(1),
  k: () => step(-1),
  ArrowRight: () => turn(1),
  ArrowLeft: () => turn(-1),
  '/': () => { box.focus(); box.select(); },
  '?': openHelp,
  Escape: () => document.activeElement?.blur(),
};

document.addEventListener('keydown', event => {
  const isTyping = event.target.closest?.('input, textarea, select, video, audio, [role=region]');
  if (event.ctrlKey || event.altKey || event.metaKey || help.open || event.isComposing || (isTyping && event.key !== 'Escape')) {
    return;
  }
  const action = keys[event.key];
  if (action) {
    if (event.key !== 'Escape') {
      event.preventDefault();
    }
    action();
  }
});

for (const button of all('[data-help]')) {
  button.hidden = false;
  button.addEventListener('click', openHelp);
}

/** Adds a button that copies a command. */
for (const command of all('[data-copy]').filter(found => found.tagName === 'CODE')) {
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
let asked = '';

function lastWord() {
  return /(?:^|[\s(])-?((?:author:|topic:)?"?[^\s":]+)$/.exec(box.value);
}

function close() {
  list.hidden = true;
  list.replaceChildren();
  box.setAttribute('aria-expanded', 'false');
  box.removeAttribute('aria-activedescendant');
}

function select(option) {
  for (const each of list.children) {
    each.ariaSelected = String(each === option);
  }
  if (option) {
    box.setAttribute('aria-activedescendant', option.id);
    option.scrollIntoView({ block: 'nearest' });
  } else {
    box.removeAttribute('aria-activedescendant');
  }
}

function accept(option) {
  const word = lastWord();
  box.value = (word ? box.value.slice(0, box.value.length - word[1].length) : '') + option.dataset.value + ' ';
  close();
  box.focus();
}

async function suggest() {
  const word = lastWord()?.[1].replace(/^(author|topic):/, '').replace('"', '') ?? '';
  asked = word;
  if (word === '') {
    close();
    return;
  }
  const response = await fetch('/suggest?q=' + encodeURIComponent(word)).catch(() => null);
  if (!response?.ok || asked !== word || document.activeElement !== box) {
    return;
  }
  const found = await response.json();
  list.replaceChildren(...found.map((suggestion, index) => {
    const label = element('bdi', { textContent: (suggestion.kind === 'topic' ? '#' : '@') + suggestion.label });
    const count = element('span', { textContent: suggestion.notes.toLocaleString() });
    const option = element('li', { id: 'suggestion-' + index, role: 'option', ariaSelected: 'false' }, label, count);
    option.dataset.value = suggestion.value;
    option.addEventListener('pointerdown', event => { event.preventDefault(); accept(option); });
    return option;
  }));
  list.hidden = found.length === 0;
  box.setAttribute('aria-expanded', String(found.length > 0));
}

if (box) {
  for (const [name, value] of Object.entries({
    role: 'combobox', 'aria-controls': 'suggestions', 'aria-autocomplete': 'list', 'aria-expanded': 'false' })) {
    box.setAttribute(name, value);
  }
  box.form.append(list);
  box.addEventListener('input', () => {
    clearTimeout(waiting);
    waiting = setTimeout(suggest, 150);
  });
  box.addEventListener('blur', close);
  box.addEventListener('keydown', event => {
    const options = [...list.children];
    const at = options.findIndex(option => option.ariaSelected === 'true');
    if (event.key === 'Escape' && !list.hidden) {
      close();
      event.stopPropagation();
    } else if ((event.key === 'ArrowDown' || event.key === 'ArrowUp') && options.length > 0) {
      event.preventDefault();
      // one position more than options: none is selected, the text is the reader's own
      const positions = options.length + 1;
      select(options[(at + (event.key === 'ArrowDown' ? 1 : -1) + positions) % positions]);
    } else if (event.key === 'Enter' && at >= 0) {
      event.preventDefault();
      accept(options[at]);
    }
  });
}

/** Plays the motion of a live photo while its control is open. */
for (const live of all('details[data-live]')) {
  live.addEventListener('toggle', () => {
    const video = one('video', live);
    return live.open ? video.play().catch(() => {}) : video.pause();
  });
}
