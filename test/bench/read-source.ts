import { readFileSync } from 'node:fs';
import { CbsLogReader } from '#sources/cbs-log/read-cbs-log.js';
import { EventLogFileReader } from '#sources/event-log-file/read-event-log-file.js';
import type { SourceReader } from '#sources/source-reader.js';
import { DecodedUpdateLogReader } from '#sources/windows-update-log/read-decoded-log.js';
import { cbsBlock, windowsUpdateBlock } from './synthetic-logs.js';

/**
 * `read-source.js cbs|wu BYTES` or `read-source.js evtx RECORDS FILE`, a process of its own, so that its memory is the
 * reader's. Only the time inside of the reader counts: by the clock, and CPU of all threads (what counts when others use the
 * machine too). Prints one JSON object.
 */
const [kind = '', amountText = '', file = ''] = process.argv.slice(2);
const amount = Number(amountText);
const nodeRssBytes = process.memoryUsage.rss();
let seconds = 0;
let cpuSeconds = 0;
let bytes = 0;
let records = 0;
let reports = 0;
let peakRssBytes = nodeRssBytes;

function timed<Value>(work: () => Value): Value {
  const startMs = performance.now();
  const before = process.cpuUsage();
  const value = work();
  const { user, system } = process.cpuUsage(before);
  cpuSeconds += (user + system) / 1e6;
  seconds += (performance.now() - startMs) / 1_000;
  peakRssBytes = Math.max(peakRssBytes, process.memoryUsage.rss());
  return value;
}

/** As an import reads: in pieces of 256 KB, reports handed on at once. */
function read(reader: SourceReader, data: Buffer): void {
  for (let at = 0; at < data.length; at += 262_144) {
    const piece = data.subarray(at, at + 262_144);
    reports += timed(() => reader.push(piece)).length;
    bytes += piece.length;
  }
}

function finish(reader: SourceReader): void {
  const end = timed(() => reader.finish());
  records += end.account.records;
  reports += end.reports.length;
}

if (kind === 'evtx') {
  const data = readFileSync(file);
  while (records < amount) {
    const reader = new EventLogFileReader();
    read(reader, data);
    finish(reader);
  }
} else {
  const reader = kind === 'cbs' ? new CbsLogReader() : new DecodedUpdateLogReader();
  const block = kind === 'cbs' ? cbsBlock : windowsUpdateBlock;
  for (let number = 0; bytes < amount; number += 1) read(reader, block(number));
  finish(reader);
}
process.stdout.write(
  JSON.stringify({ seconds, cpuSeconds, bytes, records, reports, nodeRssBytes, peakRssBytes }),
);
