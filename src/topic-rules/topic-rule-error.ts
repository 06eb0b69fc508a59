/** A topic rule that cannot be deployed, or a file about one that cannot be read. */
export class TopicRuleError extends Error {
  override name = 'TopicRuleError';
}
