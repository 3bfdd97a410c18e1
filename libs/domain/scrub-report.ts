import type { AnyReport } from './normalise-report.js';
import { scrubDeviceName, scrubLine, scrubObjectText, scrubProfileOwner } from './scrub.js';
import type { NameScrub } from './scrub.js';

/** Of all lines of an excerpt together, in UTF-8 (contract §2). */
const EXCERPT_BYTES = 4096;
/** What a line is looked at: it may shrink by scrubbing, and more than this is no line. */
const LINE_CHARACTERS = 4 * EXCERPT_BYTES;
/** As the schema of events allows; what stands for a name may be longer than the name. */
const OBJECT_NAME_CHARACTERS = 512;
const OBJECT_PATH_CHARACTERS = 1024;

type Extra = Readonly<Record<string, unknown>>;

/**
 * Takes names of people and hosts, and the device's own name, out of the texts that a sender writes freely: excerpt,
 * failing object, unknown fields. The excerpt loses its last lines beyond 4 KB. Runs before the event id is computed,
 * so that copies with and without names agree. Writes into `report`; answers the scrubbed `extra`. Costs nothing for
 * a report without such fields.
 */
export function scrubReport(report: AnyReport, extra: Extra | undefined): Extra | undefined {
  const texts = report as FreeTexts;
  if (!texts.excerpt && !texts.failingObject && !extra) return undefined;
  const scrubOwnName = scrubDeviceName(report.deviceName);
  if (texts.excerpt) texts.excerpt = scrubExcerpt(texts.excerpt, scrubOwnName);
  if (texts.failingObject) texts.failingObject = scrubObject(texts.failingObject, scrubOwnName);
  return extra && scrubMembers(extra, (text) => scrubOwnName(scrubLine(text)));
}

interface FailingObjectSent {
  readonly name: string;
  readonly path?: string;
}

/** What is written over; an inventory has neither. */
interface FreeTexts {
  excerpt?: readonly string[];
  failingObject?: FailingObjectSent;
}

/** The first lines hold the cause, so the last ones fall away; a first line that is too long by itself is cut. */
function scrubExcerpt(lines: readonly string[], scrubOwnName: NameScrub): readonly string[] {
  const kept: string[] = [];
  let room = EXCERPT_BYTES;
  for (const line of lines) {
    const text = scrubOwnName(scrubLine(line.slice(0, LINE_CHARACTERS)));
    const bytes = Buffer.byteLength(text);
    if (bytes > room) return kept.length === 0 ? [cutToBytes(text, room)] : kept;
    kept.push(text);
    room -= bytes;
  }
  return kept;
}

/** Whole characters only. */
function cutToBytes(text: string, bytes: number): string {
  const cut = new TextDecoder().decode(Buffer.from(text).subarray(0, bytes));
  return cut.replace(/\ufffd$/, '');
}

function scrubObject(object: FailingObjectSent, scrubOwnName: NameScrub): FailingObjectSent {
  const scrubOwner = scrubProfileOwner(object.path ?? object.name);
  const scrub = (text: string, most: number) =>
    scrubOwner(scrubOwnName(scrubObjectText(text))).slice(0, most);
  const name = scrub(object.name, OBJECT_NAME_CHARACTERS);
  return object.path === undefined
    ? { ...object, name }
    : { ...object, name, path: scrub(object.path, OBJECT_PATH_CHARACTERS) };
}

const scrubMembers = (members: Extra, scrub: NameScrub): Extra =>
  Object.fromEntries(Object.entries(members).map(([name, value]) => [name, scrubInside(value, scrub)]));

function scrubInside(value: unknown, scrub: NameScrub): unknown {
  if (typeof value === 'string') return scrub(value);
  if (Array.isArray(value)) return value.map((item) => scrubInside(item, scrub));
  return value !== null && typeof value === 'object' ? scrubMembers({ ...value }, scrub) : value;
}
