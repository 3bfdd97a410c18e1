import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { checkKb } from '#domain/kb/applicability.js';
import type { Applicability, KbCheck, NamedRelease } from '#domain/kb/applicability.js';
import { complianceOf } from '#domain/kb/compliance.js';
import type { Compliance } from '#domain/kb/compliance.js';
import { releasesOfLabel } from '#domain/kb/release-label.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import type { ExitCode } from '../exit-codes.js';
import { printJson, printText, renderFacts } from '../output.js';
import type { Cell } from '../output.js';
import { kbNumber } from './kb-number.js';

interface CheckOptions {
  readonly build?: string;
  readonly claimed?: string;
  readonly installed?: readonly string[];
  readonly at: string;
  readonly json?: true;
}

const EXIT_OF: Readonly<Record<Applicability, ExitCode>> = {
  applicable: EXIT.done,
  already_installed: EXIT.negative,
  superseded: EXIT.negative,
  wrong_build: EXIT.negative,
  unknown_kb: EXIT.notKnown,
  unknown: EXIT.notKnown,
};

export function registerCheck(kb: Command): void {
  kb.command('check')
    .description('whether an update fits a device, and why; by the catalogue in the program, offline')
    .argument('<kb>', 'the update: KB5041578, 5041578, or with --build a release label such as "2024-08 B"')
    .option('--build <build>', "the device's OS build: 17763.2114", osBuild)
    .option('--claimed <edition>', 'the edition that a ticket or list names: V2022-L, LTSC 2019, 21H2')
    .option(
      '--installed <kb...>',
      'updates that the device already lists',
      (text: string, before: readonly string[] | undefined) => [...(before ?? []), kbNumber(text)],
    )
    .option('--at <day>', 'the day for which the build is compared with the monthly releases', day, today())
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      `
Exit codes: 0 applicable; 2 known but not for this device (wrong_build, superseded, already_installed);
3 not known (unknown_kb, or the build is not given).

Examples:
  $ rollcall kb check KB5043064 --build 17763.2114
  $ rollcall kb check KB5041578 --build 17763.2114 --claimed V2022-L
  $ rollcall kb check "2024-08 B" --build 17763.2114 --json`,
    )
    .action((asked: string, options: CheckOptions) => {
      const { build = null } = options;
      const check = checkKb(kbAsked(asked, options.build), {
        osBuild: build,
        installedKbs: options.installed ?? [],
        claimedEdition: options.claimed,
      });
      const compliance = build === null ? null : complianceOf(build, options.at);
      if (options.json) printJson({ ...check, compliance });
      else printText(describe(check, compliance));
      const exitCode = EXIT_OF[check.verdict];
      if (exitCode !== EXIT.done) throw new CommandFailure(exitCode, `${check.kb}: ${check.verdict}`);
    });
}

function kbAsked(text: string, build: string | undefined): string {
  const releases = releasesOfLabel(text, build);
  if (releases === null) return kbNumber(text);
  const kbs = [...new Set(releases.map(({ kb }) => kb))];
  const [only] = kbs;
  if (only !== undefined && kbs.length === 1) return only;
  const line = build === undefined ? '' : ` for ${build}`;
  throw new CommandFailure(
    EXIT.notKnown,
    only === undefined
      ? `the catalogue has no release ${text}${line}`
      : `${text}${line} is ${kbs.join(', ')}: name one${build === undefined ? ', or give --build' : ''}`,
  );
}

function describe(check: KbCheck, compliance: Compliance | null): string {
  const facts: [string, Cell][] = [
    ['verdict', check.verdict],
    ['reason', check.reason],
    ['release', check.releaseLabel],
  ];
  if (check.expired) facts.push(['expired', 'yes: its publisher offers it no longer']);
  if (check.newerAvailable) facts.push(['newer', nameOf(check.newerAvailable)]);
  if (check.instead) facts.push(['same month', `${nameOf(check.instead)} is for this build`]);
  for (const [index, { kb, verdict, releaseLabel }] of check.nearest.entries())
    facts.push([index === 0 ? 'nearest known' : '', `${kb} (${releaseLabel}, ${verdict})`]);
  if (check.edition) facts.push(['edition', `${check.edition.verdict}: ${check.edition.reason}`]);
  if (compliance) facts.push(['build', `${compliance.verdict}: ${compliance.reason}`]);
  facts.push(['prerequisite', check.prerequisite]);
  return `${check.kb}${check.osBuild === null ? '' : ` on ${check.osBuild}`}\n${renderFacts(facts)}`;
}

const nameOf = ({ kb, osBuild: build, releaseLabel, releasedOn }: NamedRelease): string =>
  `${kb} (${build}, ${releaseLabel}, ${releasedOn})`;

function osBuild(text: string): string {
  const build = /^(?:10\.0\.)?(\d{4,6}(?:\.\d{1,6})?)$/.exec(text.trim())?.[1];
  if (build === undefined) throw new InvalidArgumentError('expected an OS build such as 17763.2114.');
  return build;
}

function day(text: string): string {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || Number.isNaN(Date.parse(text)))
    throw new InvalidArgumentError('expected a day such as 2024-09-10.');
  return text;
}

const today = (): string => new Date().toISOString().slice(0, 10);
