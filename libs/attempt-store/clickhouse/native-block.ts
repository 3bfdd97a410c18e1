/** Grows by doubling; columns are written one after the other, a value after the other. */
const FIRST_SIZE = 1 << 20;
/** Up to this many characters a loop beats the call into native code. */
const SHORT_TEXT = 48;

/**
 * Values as ClickHouse's Native format has them: column by column, as the engine itself holds them, so it takes them
 * without looking at a row. Chosen over RowBinary, which costs it two to three times the CPU to read
 * (docs/decisions/0170-native-blocks.md).
 */
export class BlockWriter {
  private buffer = Buffer.allocUnsafeSlow(FIRST_SIZE);
  private view = viewOf(this.buffer);
  private end = 0;

  /** What was written so far; the writer must not be used afterwards. */
  finish(): Buffer {
    return this.buffer.subarray(0, this.end);
  }

  byte(value: number): void {
    this.reserve(1);
    this.buffer[this.end++] = value;
  }

  /** Unsigned LEB128, as lengths are written. */
  varint(value: number): void {
    this.reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.buffer[this.end++] = (rest & 0x7f) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.buffer[this.end++] = rest;
  }

  text(value: string): void {
    if (value.length <= SHORT_TEXT && this.asciiText(value)) return;
    const bytes = Buffer.byteLength(value);
    this.varint(bytes);
    this.reserve(bytes);
    this.buffer.write(value, this.end, 'utf8');
    this.end += bytes;
  }

  uint32(value: number): void {
    this.reserve(4);
    this.view.setUint32(this.end, value, true);
    this.end += 4;
  }

  /** UInt64 of a number below 2^32. */
  length(value: number): void {
    this.reserve(8);
    this.view.setUint32(this.end, value, true);
    this.view.setUint32(this.end + 4, 0, true);
    this.end += 8;
  }

  /** A whole number of at most 2^53, signed or not (ticks of a DateTime64, UInt64). */
  int64(value: number): void {
    this.reserve(8);
    this.view.setInt32(this.end, value | 0, true);
    this.view.setInt32(this.end + 4, Math.floor(value / 4_294_967_296), true);
    this.end += 8;
  }

  /** Unsigned; at most 2^128 - 1. */
  uint128(value: bigint): void {
    this.reserve(16);
    this.view.setBigUint64(this.end, BigInt.asUintN(64, value), true);
    this.view.setBigUint64(this.end + 8, value >> 64n, true);
    this.end += 16;
  }

  float64(value: number): void {
    this.reserve(8);
    this.view.setFloat64(this.end, value, true);
    this.end += 8;
  }

  private asciiText(value: string): boolean {
    this.reserve(SHORT_TEXT + 1);
    const start = this.end;
    let at = start + 1;
    for (let i = 0; i < value.length; i += 1) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) return false;
      this.buffer[at++] = code;
    }
    this.buffer[start] = value.length;
    this.end = at;
    return true;
  }

  private reserve(bytes: number): void {
    if (this.end + bytes <= this.buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, this.end + bytes));
    this.buffer.copy(larger, 0, 0, this.end);
    this.buffer = larger;
    this.view = viewOf(larger);
  }
}

/** V8 compiles DataView's accessors to plain stores; those of Buffer stay calls. */
const viewOf = (buffer: Buffer): DataView => new DataView(buffer.buffer, buffer.byteOffset, buffer.length);

/** A type of ClickHouse, and how to write a column of it: the value that `pick` finds in each item. */
export interface Codec<T> {
  readonly type: string;
  readonly write: <Item>(writer: BlockWriter, items: readonly Item[], pick: (item: Item) => T) => void;
}

export const text: Codec<string> = {
  type: 'String',
  write(writer, items, pick) {
    for (const item of items) writer.text(pick(item));
  },
};
export const bool: Codec<boolean> = {
  type: 'Bool',
  write(writer, items, pick) {
    for (const item of items) writer.byte(pick(item) ? 1 : 0);
  },
};
export const uint8: Codec<number> = {
  type: 'UInt8',
  write(writer, items, pick) {
    for (const item of items) writer.byte(Math.min(Math.max(pick(item), 0), 255));
  },
};
export const uint32: Codec<number> = {
  type: 'UInt32',
  write(writer, items, pick) {
    for (const item of items) writer.uint32(pick(item));
  },
};
export const uint64: Codec<number> = {
  type: 'UInt64',
  write(writer, items, pick) {
    for (const item of items) writer.int64(pick(item));
  },
};
export const uint128: Codec<bigint> = {
  type: 'UInt128',
  write(writer, items, pick) {
    for (const item of items) writer.uint128(pick(item));
  },
};
export const float64: Codec<number> = {
  type: 'Float64',
  write(writer, items, pick) {
    for (const item of items) writer.float64(pick(item));
  },
};

/** Reach of DateTime64; outside it ClickHouse would wrap around. */
const FIRST_MS = Date.UTC(1900, 0, 1);
const LAST_MS = Date.UTC(2299, 11, 31);
const clamp = (ms: number): number => Math.min(Math.max(Math.round(ms), FIRST_MS), LAST_MS);

/** DateTime64(3) from milliseconds, clamped to what it can hold. */
export const time: Codec<number> = {
  type: `DateTime64(3, 'UTC')`,
  write(writer, items, pick) {
    for (const item of items) writer.int64(clamp(pick(item)));
  },
};

/** The same, null where it is not known. */
export const nullableTime: Codec<number | null> = {
  type: `Nullable(${time.type})`,
  write(writer, items, pick) {
    for (const item of items) writer.byte(pick(item) === null ? 1 : 0);
    for (const item of items) {
      const ms = pick(item);
      writer.int64(ms === null ? 0 : clamp(ms));
    }
  },
};

/** `pickOne` of each member of each list: where the lists end, then all members in one run. */
export function listOf<Member, T>(
  members: Codec<T>,
  pickOne: (member: Member) => T,
): Codec<readonly Member[]> {
  return {
    type: `Array(${members.type})`,
    write(writer, items, pick) {
      const all: Member[] = [];
      for (const item of items) {
        for (const member of pick(item)) all.push(member);
        writer.length(all.length);
      }
      members.write(writer, all, pickOne);
    },
  };
}

export const texts = listOf<string, string>(text, (value) => value);

/** A record of texts, a column each. */
export function textTuple<T>(fields: Readonly<Record<string, (value: T) => string>>): Codec<T> {
  const columns = Object.entries(fields);
  return {
    type: `Tuple(${columns.map(([name]) => `${name} ${text.type}`).join(', ')})`,
    write(writer, items, pick) {
      for (const [, pickField] of columns) text.write(writer, items, (item) => pickField(pick(item)));
    },
  };
}
