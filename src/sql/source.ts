/** A place in a text: line and column, both counted from 1, the column in UTF-16 code units. */
export interface SourceLocation {
  readonly line: number;
  readonly column: number;
}

/** The text of one statement or file and the name that errors print for it. */
export class Source {
  readonly text: string;
  readonly name: string;
  #lineStarts: readonly number[] | undefined;

  constructor(text: string, name = 'SQL') {
    this.text = text;
    this.name = name;
  }

  /** Line and column of an offset; an offset past the end is the place after the last character. */
  locate(offset: number): SourceLocation {
    const starts = this.#starts();
    const place = Math.max(0, Math.min(offset, this.text.length));
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= place) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: place - (starts[low] ?? 0) + 1 };
  }

  /** The text of a line, counted from 1, without its line break. */
  lineText(line: number): string {
    const starts = this.#starts();
    const start = starts[line - 1] ?? this.text.length;
    const end = starts[line] ?? this.text.length;
    return this.text.slice(start, end).replace(/(?:\r\n|\r|\n)$/, '');
  }

  #starts(): readonly number[] {
    if (this.#lineStarts === undefined) {
      const starts = [0];
      for (let at = 0; at < this.text.length; at++) {
        const code = this.text.charCodeAt(at);
        if (code === 0x0a || (code === 0x0d && this.text.charCodeAt(at + 1) !== 0x0a)) starts.push(at + 1);
      }
      this.#lineStarts = starts;
    }
    return this.#lineStarts;
  }
}
