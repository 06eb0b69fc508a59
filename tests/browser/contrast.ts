import type { Page } from 'playwright-core';

/**
 * Measures, in the page, the contrast of every piece of visible text against the background under it (WCAG 2.2,
 * "Contrast (Minimum)"). Runs as text, because the repository's own code is not compiled for a browser.
 */
const measure = `(() => {
  const channel = (value) => { const c = value / 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const parse = (text) => { const n = text.match(/[\\d.]+/g).map(Number); return { rgb: n.slice(0, 3), alpha: n[3] ?? 1 }; };
  const backgroundOf = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.alpha === 1) return colour.rgb;
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const owner = text.parentElement;
    if (!text.textContent.trim() || !owner.checkVisibility() || owner.closest('.hidden, option, :disabled')) continue;
    const style = getComputedStyle(owner);
    const [low, high] = [luminance(parse(style.color).rgb), luminance(backgroundOf(owner))].sort((a, b) => a - b);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    found.push({ text: text.textContent.trim().slice(0, 40), ratio: (high + 0.05) / (low + 0.05), least: isLarge ? 3 : 4.5 });
  }
  return found;
})()`;

export interface TextContrast {
  readonly text: string;
  readonly ratio: number;
  /** What AA asks for text of this size. */
  readonly least: number;
}

/** The contrast of all visible text of a page. */
export function textContrasts(page: Page): Promise<readonly TextContrast[]> {
  return page.evaluate(measure);
}
