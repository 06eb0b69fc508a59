import { element, setAttribute, setText } from './dom.ts';

type Theme = 'auto' | 'light' | 'dark';
const storageKey = 'mesonet-theme';
const next: Readonly<Record<Theme, Theme>> = { auto: 'light', light: 'dark', dark: 'auto' };
const labels: Readonly<Record<Theme, string>> = { auto: 'auto', light: 'light', dark: 'dark' };

/** A button that goes round: as the system has it, light, dark. The choice is kept in this browser. */
export function createThemeButton(onChange: () => void): HTMLElement {
  const button = element('button', { type: 'button', class: 'quiet', id: 'theme' });
  let theme = storedTheme();
  const apply = (): void => {
    setAttribute(document.documentElement, 'data-theme', theme === 'auto' ? undefined : theme);
    setText(button, `Theme: ${labels[theme]}`);
  };
  button.addEventListener('click', () => {
    theme = next[theme];
    storeTheme(theme);
    apply();
    onChange();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', onChange);
  apply();
  return button;
}

/** A colour of the current theme by its custom property, for what is drawn on a canvas. */
export function themeColour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function storedTheme(): Theme {
  try {
    const stored = localStorage.getItem(storageKey);
    return stored === 'light' || stored === 'dark' ? stored : 'auto';
  } catch {
    return 'auto';
  }
}

function storeTheme(theme: Theme): void {
  try {
    localStorage.setItem(storageKey, theme);
  } catch {
    // A browser that keeps nothing still shows the theme until the page is closed.
  }
}
