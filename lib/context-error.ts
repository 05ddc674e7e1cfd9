/** What `-c key=value` or cdk.json asks for is not there; the message says what is. */
export class ContextError extends Error {
  override readonly name: string = 'ContextError';
}
