/** Grows by doubling; rows are written one value after the other. */
const FIRST_SIZE = 1 << 20;
/** Up to this many characters a loop beats the call into native code. */
const SHORT_TEXT = 48;

/**
 * ClickHouse's RowBinary: values without names or types, so writer and table must agree on the columns.
 * Chosen because text formats cost both sides several times the CPU (measured in test/bench/store.ts).
 */
export class RowBinaryWriter {
  private buffer = Buffer.allocUnsafe(FIRST_SIZE);
  private length = 0;

  /** What was written so far; the writer must not be used afterwards. */
  finish(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  byte(value: number): void {
    this.reserve(1);
    this.buffer[this.length++] = value;
  }

  /** Unsigned LEB128, as lengths are written. */
  varint(value: number): void {
    this.reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.buffer[this.length++] = (rest & 0x7f) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.buffer[this.length++] = rest;
  }

  text(value: string): void {
    if (value.length <= SHORT_TEXT && this.asciiText(value)) return;
    const bytes = Buffer.byteLength(value);
    this.varint(bytes);
    this.reserve(bytes);
    this.buffer.write(value, this.length, 'utf8');
    this.length += bytes;
  }

  uint32(value: number): void {
    this.reserve(4);
    this.buffer.writeUInt32LE(value, this.length);
    this.length += 4;
  }

  /** A whole number of at most 2^53, signed or not (ticks of a DateTime64, UInt64). */
  int64(value: number): void {
    this.reserve(8);
    this.buffer.writeInt32LE(value | 0, this.length);
    this.buffer.writeInt32LE(Math.floor(value / 4_294_967_296), this.length + 4);
    this.length += 8;
  }

  /** Unsigned; at most 2^128 - 1. */
  uint128(value: bigint): void {
    this.reserve(16);
    this.buffer.writeBigUInt64LE(value & 0xffff_ffff_ffff_ffffn, this.length);
    this.buffer.writeBigUInt64LE(value >> 64n, this.length + 8);
    this.length += 16;
  }

  float64(value: number): void {
    this.reserve(8);
    this.buffer.writeDoubleLE(value, this.length);
    this.length += 8;
  }

  private asciiText(value: string): boolean {
    this.reserve(SHORT_TEXT + 1);
    const start = this.length;
    let at = start + 1;
    for (let i = 0; i < value.length; i += 1) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) return false;
      this.buffer[at++] = code;
    }
    this.buffer[start] = value.length;
    this.length = at;
    return true;
  }

  private reserve(bytes: number): void {
    if (this.length + bytes <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.length + bytes));
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
  }
}

/** How a value of one column is written. */
export type Encode<T> = (writer: RowBinaryWriter, value: T) => void;

export const text: Encode<string> = (writer, value) => {
  writer.text(value);
};
export const bool: Encode<boolean> = (writer, value) => {
  writer.byte(value ? 1 : 0);
};
export const uint8: Encode<number> = (writer, value) => {
  writer.byte(Math.min(Math.max(value, 0), 255));
};
export const uint32: Encode<number> = (writer, value) => {
  writer.uint32(value);
};
export const uint64: Encode<number> = (writer, value) => {
  writer.int64(value);
};
export const uint128: Encode<bigint> = (writer, value) => {
  writer.uint128(value);
};
export const float64: Encode<number> = (writer, value) => {
  writer.float64(value);
};

/** Reach of DateTime64; outside it ClickHouse would wrap around. */
const FIRST_MS = Date.UTC(1900, 0, 1);
const LAST_MS = Date.UTC(2299, 11, 31);

/** DateTime64(3) from milliseconds, clamped to what it can hold. */
export const time: Encode<number> = (writer, value) => {
  writer.int64(Math.min(Math.max(Math.round(value), FIRST_MS), LAST_MS));
};

export const nullable =
  <T>(encode: Encode<T>): Encode<T | null> =>
  (writer, value) => {
    if (value === null) {
      writer.byte(1);
    } else {
      writer.byte(0);
      encode(writer, value);
    }
  };

export const array =
  <T>(encode: Encode<T>): Encode<readonly T[]> =>
  (writer, values) => {
    writer.varint(values.length);
    for (const value of values) encode(writer, value);
  };
