/** A status line is short; interim responses come before the one that counts. */
const MAX_BYTES = 65_536;

/** RFC 9112, section 4; some servers leave out the reason and the space before it. */
const STATUS_LINE = /^HTTP\/1\.\d (\d{3})(?=[ \r\n])/;
const END_OF_HEAD = /\r?\n\r?\n/;

/** The raw bytes of a response up to its headers' end: for what the parser does not tell when it gives up. */
export class ResponseStart {
  #chunks: Buffer[] = [];
  #size = 0;

  add(chunk: Buffer): void {
    if (this.#size >= MAX_BYTES) return;
    this.#chunks.push(chunk);
    this.#size += chunk.length;
  }

  /** The status of the final response, null if its status line is not there in full. */
  status(): number | null {
    let text = this.#text();
    for (;;) {
      const status = STATUS_LINE.exec(text)?.[1];
      if (status === undefined) return null;
      if (!status.startsWith('1') || status === '101') return Number(status);
      const end = END_OF_HEAD.exec(text);
      if (end === null) return null;
      text = text.slice(end.index + end[0].length);
    }
  }

  /** The first bytes, if there are some and they are not those of HTTP/1. */
  foreign(): Buffer | null {
    if (this.#size === 0 || 'HTTP/1.'.startsWith(this.#text().slice(0, 7))) return null;
    return Buffer.concat(this.#chunks).subarray(0, 16);
  }

  #text(): string {
    return Buffer.concat(this.#chunks).toString('latin1');
  }
}
