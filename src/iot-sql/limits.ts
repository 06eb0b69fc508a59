/*
 * Bounds on what evaluating one message may cost. AWS passes on at most 128 KB, so results beyond these are never of use;
 * without the bounds a few nested calls could fill the memory.
 */

/** Longest text an expression may make, in UTF-16 code units; a longer one is Undefined. */
export const MAX_TEXT_LENGTH = 1_048_576;

/** Most elements of an array an expression may make; a longer one is Undefined. */
export const MAX_ARRAY_LENGTH = 262_144;

/** Most rows of nested SELECTs and elements looked at by IN for one message; what exceeds it is Undefined. */
export const MAX_ROWS_PER_MESSAGE = 2_000_000;
