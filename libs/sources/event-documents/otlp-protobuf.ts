import type { Tree } from './tree.js';

/** The bytes are no OTLP export of logs. */
export class NotProtobuf extends Error {
  override readonly name = 'NotProtobuf';
}

type FieldReader = (field: number, wire: Wire) => void;
const MOST_DEPTH = 64;

/**
 * An `ExportLogsServiceRequest` in protobuf as the same tree that OTLP/JSON gives, with the fields that matter here (the
 * encoding has been stable since OTLP 1.0). Unknown fields are passed over.
 * @throws NotProtobuf when the bytes end early or are nested beyond reason
 */
export function readOtlpProtobuf(bytes: Uint8Array): Tree {
  const resourceLogs: Tree[] = [];
  new Wire(bytes).message((field, wire) => {
    if (field === 1)
      resourceLogs.push(list(wire, 2, 'scopeLogs', (scope) => list(scope, 2, 'logRecords', logRecord)));
    else wire.skip();
  });
  return { resourceLogs };
}

/** A message of which one repeated field is read. */
function list(outer: Wire, wanted: number, name: string, read: (wire: Wire) => Tree): Tree {
  const items: Tree[] = [];
  outer.nested((field, wire) => {
    if (field === wanted) items.push(read(wire));
    else wire.skip();
  });
  return { [name]: items };
}

function logRecord(outer: Wire): Tree {
  const record: { timeUnixNano?: string; body?: Tree; attributes: Tree[] } = { attributes: [] };
  outer.nested((field, wire) => {
    if (field === 1) record.timeUnixNano = wire.fixed64().toString();
    else if (field === 5) record.body = anyValue(wire);
    else if (field === 6) record.attributes.push(keyValue(wire));
    else wire.skip();
  });
  return record;
}

function keyValue(outer: Wire): Tree {
  const pair: { key: string; value: Tree } = { key: '', value: {} };
  outer.nested((field, wire) => {
    if (field === 1) pair.key = wire.text();
    else if (field === 2) pair.value = anyValue(wire);
    else wire.skip();
  });
  return pair;
}

function anyValue(outer: Wire): Tree {
  let value: Tree = {};
  outer.nested((field, wire) => {
    if (field === 1) value = { stringValue: wire.text() };
    else if (field === 2) value = { boolValue: wire.varint() !== 0n };
    else if (field === 3) value = { intValue: BigInt.asIntN(64, wire.varint()).toString() };
    else if (field === 4) value = { doubleValue: wire.double() };
    else if (field === 5) value = { arrayValue: list(wire, 1, 'values', anyValue) };
    else if (field === 6) value = { kvlistValue: list(wire, 1, 'values', keyValue) };
    else wire.skip();
  });
  return value;
}

const VARINT = 0;
const FIXED_64 = 1;
const BYTES = 2;
const FIXED_32 = 5;
const decoder = new TextDecoder();

/** Reads protobuf's wire format. Each field's value must be taken or skipped before the next field. */
class Wire {
  private at = 0;
  private type = VARINT;
  private readonly view: DataView;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly depth = 0,
  ) {
    if (depth > MOST_DEPTH) throw new NotProtobuf('nested too deep');
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Calls `read` for each field of the message. */
  message(read: FieldReader): void {
    while (this.at < this.bytes.length) {
      const tag = this.rawVarint();
      this.type = Number(tag & 7n);
      read(Number(tag >> 3n), this);
    }
  }

  /** The field is a message of its own. */
  nested(read: FieldReader): void {
    new Wire(this.bytesField(), this.depth + 1).message(read);
  }

  text(): string {
    return decoder.decode(this.bytesField());
  }

  varint(): bigint {
    this.expect(VARINT);
    return this.rawVarint();
  }

  fixed64(): bigint {
    this.expect(FIXED_64);
    return this.view.getBigUint64(this.advance(8), true);
  }

  double(): number {
    this.expect(FIXED_64);
    return this.view.getFloat64(this.advance(8), true);
  }

  skip(): void {
    if (this.type === VARINT) this.rawVarint();
    else if (this.type === FIXED_64) this.advance(8);
    else if (this.type === FIXED_32) this.advance(4);
    else this.bytesField();
  }

  private bytesField(): Uint8Array {
    this.expect(BYTES);
    const length = Number(this.rawVarint());
    const from = this.advance(length);
    return this.bytes.subarray(from, from + length);
  }

  private rawVarint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.bytes[this.advance(1)] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new NotProtobuf('a number is too long');
  }

  private advance(length: number): number {
    const from = this.at;
    if (length > this.bytes.length - from) throw new NotProtobuf('the bytes end early');
    this.at += length;
    return from;
  }

  private expect(type: number): void {
    if (this.type !== type) throw new NotProtobuf(`wire type ${this.type} instead of ${type}`);
  }
}
