import { element, setText } from './dom.ts';

/** Shows a long list page by page, so that ten thousand rows never stand in the document at once. */
export function createPager(pageSize: number, what: string, onTurn: () => void) {
  let page = 0;
  const label = element('span', { class: 'note' });
  const back = element('button', { type: 'button', class: 'quiet', 'aria-label': `Previous ${what}` }, '‹');
  const forth = element('button', { type: 'button', class: 'quiet', 'aria-label': `Next ${what}` }, '›');
  const turn = (step: number): void => {
    page += step;
    onTurn();
  };
  back.addEventListener('click', () => turn(-1));
  forth.addEventListener('click', () => turn(1));
  const bar = element('div', { class: 'pager' }, label, back, forth);
  return {
    element: bar,
    /** The items of the current page. */
    pageOf: <Item>(items: readonly Item[]): readonly Item[] => {
      const last = Math.max(0, Math.ceil(items.length / pageSize) - 1);
      page = Math.min(Math.max(page, 0), last);
      const from = page * pageSize;
      const shown = items.slice(from, from + pageSize);
      bar.hidden = items.length <= pageSize;
      back.disabled = page === 0;
      forth.disabled = page === last;
      setText(label, `${from + 1}–${from + shown.length} of ${items.length} ${what}`);
      return shown;
    },
  };
}
