/** A value that is already JSON text, so that a cached answer is not serialised for every caller. */
export class RawJson {
  constructor(readonly json: string) {}
}
