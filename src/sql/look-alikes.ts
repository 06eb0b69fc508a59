/** Characters that word processors and web pages put in the place of those a statement is written with. */
const LOOK_ALIKES: Readonly<Record<string, string>> = {
  '–': '-',
  '—': '-',
  '−': '-',
  '‘': "'",
  '’': "'",
  '“': '"',
  '”': '"',
  '×': '*',
  '÷': '/',
  '≤': '<=',
  '≥': '>=',
  '≠': '<>',
  '，': ',',
  '（': '(',
  '）': ')',
};

/** The end of an error sentence that says what was meant by a character, if it looks like one that is used. */
export function meantCharacter(character: string): string {
  return Object.hasOwn(LOOK_ALIKES, character) ? `, write ${LOOK_ALIKES[character]}` : '';
}
