/** Props, or settings of the app, of which no stack can be made: its message is what to change. */
export class PropsError extends Error {
  override readonly name = 'PropsError';
}
