/** Light or dark: as the system has it, unless one was chosen in this browser. */

const NAME = 'leveret-theme';

export function theme() {
  const kept = localStorage.getItem(NAME);
  return kept === 'light' || kept === 'dark' ? kept : 'auto';
}

export function applyTheme() {
  const chosen = theme();
  if (chosen === 'auto') document.documentElement.removeAttribute('data-theme');
  else document.documentElement.setAttribute('data-theme', chosen);
}

/** @param {string} chosen */
export function keepTheme(chosen) {
  localStorage.setItem(NAME, chosen);
  applyTheme();
}
