/** A policy document that was checked. */
export interface PolicyDocument {
  readonly statements: readonly PolicyStatement[];
}

/** One statement; exactly one of the two lists of actions and of resources stands in it. */
export interface PolicyStatement {
  /** Place in the document, from 0. */
  readonly index: number;
  readonly sid: string | undefined;
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  /** The actions are those that it is not about (NotAction). */
  readonly isNotAction: boolean;
  readonly resources: readonly string[];
  /** The resources are those that it is not about (NotResource). */
  readonly isNotResource: boolean;
  readonly conditions: readonly PolicyCondition[];
}

/** One operator on one key: met when any of the values fits. */
export interface PolicyCondition {
  /** Operator without qualifier and `IfExists`, for example `StringEquals`. */
  readonly operator: string;
  readonly qualifier: 'ForAllValues' | 'ForAnyValue' | undefined;
  readonly isIfExists: boolean;
  readonly key: string;
  readonly values: readonly string[];
}
