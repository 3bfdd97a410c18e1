import type { FailingObject, InnerError } from '#domain/report.js';
import { signatureOf } from '#domain/signature/signature.js';
import type { FailureFacts } from '#domain/signature/signature.js';
import type { BenchResult, BenchRun } from './bench-run.js';
import { figure } from './figure.js';

/** What the project asks of one core. */
const FLOOR_PER_SECOND = 300_000;
/** Facts of one round: more failures than a bad day of a large fleet. */
const FAILURES = 200_000;
/** Different facts among them in the fleet: KB versions in paths, codes, stages. */
const KINDS = 3_000;

const CODES = ['0x800f0922', '0x80071ab1', '0x80070570', '0x80070005', '0x800f0831', '0x80073712'];
const STAGES = ['unknown', 'stage', 'poqexec', 'driver_queue_critical', 'advanced_installers'] as const;
const SOURCES = ['', 'CSI Other', 'DOQ', 'Execute'];
const INNER: readonly InnerError[] = [
  { code: '0x00000422', kind: 'win32' },
  { code: '0xc0000102', kind: 'ntstatus' },
  { code: '0x80070002', kind: 'hresult' },
];

/**
 * Signatures a second of one core (CPU time: others may use the machine). `fleet`: as in the projector, where a fleet
 * fails again and again in the same few thousand ways; `distinct`: every failure is one that was never seen before.
 */
export function benchSignature(run: BenchRun): BenchResult {
  const rounds = run.quick ? 3 : 9;
  const fleet = Array.from({ length: FAILURES }, (_, n) => failure((n * 7_919) % KINDS));
  measure(fleet);
  const fleetRuns = Array.from({ length: rounds }, () => measure(fleet));
  let next = KINDS;
  const distinctRuns = Array.from({ length: rounds + 1 }, () => {
    const facts = Array.from({ length: FAILURES / 4 }, () => failure((next += 1)));
    return measure(facts);
  }).slice(1);
  const signatures = new Set(fleet.map((facts) => signatureOf(facts).id));
  run.note(`signature: ${Math.round(fleetRuns[0] ?? 0)} a second`);
  return {
    figures: {
      fleet: figure('signatures/s of one core', fleetRuns, { floor: FLOOR_PER_SECOND }),
      distinct: figure('signatures/s of one core', distinctRuns),
    },
    details: { failures: FAILURES, kindsOfFacts: KINDS, signatures: signatures.size },
  };
}

function measure(failures: readonly FailureFacts[]): number {
  const before = process.cpuUsage();
  let signed = 0;
  for (const facts of failures) signed += signatureOf(facts).id.length > 0 ? 1 : 0;
  const { user, system } = process.cpuUsage(before);
  return (signed * 1e6) / Math.max(1, user + system);
}

/** The nth kind of failure; objects of their own, as they come out of messages. */
function failure(n: number): FailureFacts {
  return {
    hresult: CODES[n % CODES.length] ?? '',
    reportedHresult: n % 3 === 0 ? '0x80070643' : '',
    stage: STAGES[n % STAGES.length] ?? 'unknown',
    failureSource: SOURCES[n % SOURCES.length] ?? '',
    innerErrors: INNER.slice(0, n % 4).map((inner) => ({ ...inner })),
    failingObject: failingObject(n),
  };
}

function failingObject(n: number): FailingObject | null {
  const folder = `amd64_microsoft-windows-component-${n % 40}_31bf3856ad364e35_10.0.19041.${n}_none_8c3dc90fca6fc644`;
  switch (n % 4) {
    case 0:
      return null;
    case 1:
      return { type: 'file', name: 'part.dll', path: `C:\\Windows\\WinSxS\\${folder}\\part.dll` };
    case 2:
      return {
        type: 'installer',
        name: `Installer ${n % 11} ({9edf1a2b-0000-4000-8000-${String(n).padStart(12, '0')}})`,
      };
    default:
      return { type: 'component', name: folder };
  }
}
