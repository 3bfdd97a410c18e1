import { basename } from 'node:path';
import type { Command } from 'commander';
import { judgePackage } from '#domain/packages/package-file.js';
import type { HashVerdict, PackageVerdict } from '#domain/packages/package-file.js';
import { withData } from '../connection-options.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import type { ExitCode } from '../exit-codes.js';
import { instant } from '../number-options.js';
import { note, printJson, printText, renderFacts } from '../output.js';
import type { Cell } from '../output.js';
import type { AttemptWish } from './attach-verdict.js';
import { hashFile } from './hash-file.js';
import type { FileHashes } from './hash-file.js';
import { kbNumber } from './kb-number.js';

interface HashOptions extends AttemptWish {
  readonly kb?: string;
  readonly json?: true;
}

interface HashedFile extends FileHashes, PackageVerdict {
  readonly file: string;
}

export function registerHash(kb: Command): void {
  withData(kb.command('hash'))
    .description('whether package files are what they claim to be: SHA-256 and SHA-1 against what is known')
    .argument('<file...>', 'package files (.msu, .cab)')
    .option('--kb <kb>', 'what the files should be (default: the KB in the name)', kbNumber)
    .option('--json', 'one JSON line a file')
    .option('--device <key>', 'attach the verdict to the attempt of this device')
    .option('--device-name <name>', 'the same by name; the collector turns it into the key')
    .option('--at <time>', 'when that attempt was', instant)
    .option('--url <url>', 'the collector (default: the one that runs on --data)')
    .option('--token <token>', 'token with scope collect (default: as for "rollcall import")')
    .option('--bank <bank>', 'bank of the device, when --data knows several')
    .addHelpText(
      'after',
      `
Compared with the reviewed list of SHA-256 in the program, and with the SHA-1 that Microsoft Update Catalog puts into
a file's name (…_<40 digits>.msu). Exit codes: 0 match; 2 a mismatch; 3 nothing to compare with; 1 a file cannot be read.

Examples:
  $ rollcall kb hash windows10.0-kb5014692-x64_….msu --json
  $ rollcall kb hash kb5014692.msu --device-name BR17-PC04 --at 2022-08-18T16:00:00+08:00`,
    )
    .action(async (files: readonly string[], options: HashOptions) => {
      const verdicts = new Set<HashVerdict | 'unreadable'>();
      for (const file of files) {
        const hashed = await hashOf(file, options.kb);
        verdicts.add(hashed?.verdict ?? 'unreadable');
        if (hashed && options.json) printJson(hashed);
        else if (hashed) printText(describe(hashed));
        if (!hashed || (options.device ?? options.deviceName) === undefined) continue;
        // Loaded only here: whoever checks a hash waits for no client of the log.
        const { attachVerdict } = await import('./attach-verdict.js');
        await attachVerdict(hashed, options);
      }
      judge(verdicts);
    });
}

async function hashOf(file: string, kb: string | undefined): Promise<HashedFile | null> {
  try {
    const hashes = await hashFile(file);
    return { file, ...hashes, ...judgePackage({ name: basename(file), ...hashes, kb }) };
  } catch (error) {
    note(`${file}: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}

/** What is worst decides: an unread file, a mismatch, nothing to compare with. */
function judge(verdicts: ReadonlySet<HashVerdict | 'unreadable'>): void {
  const endings: readonly (readonly [HashVerdict | 'unreadable', ExitCode, string])[] = [
    ['unreadable', EXIT.failed, 'not every file could be read'],
    ['mismatch', EXIT.negative, 'mismatch: do not install'],
    ['no_reference', EXIT.notKnown, 'no_reference: nothing vouches for the file'],
  ];
  for (const [verdict, exitCode, message] of endings)
    if (verdicts.has(verdict)) throw new CommandFailure(exitCode, message);
}

function describe({ file, kb, verdict, bytes, sha256, sha1, checks }: HashedFile): string {
  const facts: [string, Cell][] = [
    ['verdict', verdict],
    ['KB', kb],
    ['bytes', bytes],
    ['SHA-256', sha256],
    ['SHA-1', sha1],
  ];
  for (const { by, verdict: own, reason, expected } of checks)
    facts.push([
      by,
      own === 'match' ? reason : `${reason} Expected ${expected.join(' or ') || 'another file'}.`,
    ]);
  return `${file}\n${renderFacts(facts)}`;
}
