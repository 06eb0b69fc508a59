export { defineDialect, type SqlDialect } from './dialect.ts';
export { didYouMean, suggestionList } from './did-you-mean.ts';
export { tokenize } from './lexer.ts';
export { printLocation } from './print-location.ts';
export { Source, type SourceLocation } from './source.ts';
export { SqlError, type SqlErrorClass } from './sql-error.ts';
export { describeToken, type Token, type TokenKind } from './token.ts';
export { TokenStream } from './token-stream.ts';
