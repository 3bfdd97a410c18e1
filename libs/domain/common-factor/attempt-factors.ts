import { kbOfPackage } from '../kb/kb-catalogue.js';
import type { Report } from '../report.js';
import { objectFamily } from '../signature/object-family.js';

type FactorFacts = Pick<Report, 'failingObject' | 'packageIdentity' | 'channel' | 'upgradedFrom' | 'kbKey'>;

/**
 * What the reports of one attempt name beside their code, in one spelling each: `inf:cpu.inf`, `service:winmgmt`,
 * `package:…`, `upgraded_from:v2020-l`, `channel:wsus`. The package of the update itself is no factor: every attempt of
 * the KB has it.
 */
export function factorsOf(reports: readonly FactorFacts[]): ReadonlySet<string> {
  const factors = new Set<string>();
  for (const { failingObject, packageIdentity, channel, upgradedFrom, kbKey } of reports) {
    const object = failingObject ? objectFamily(failingObject) : '';
    if (object !== '') factors.add(object);
    if (
      packageIdentity !== '' &&
      kbOfPackage(packageIdentity) !== kbKey &&
      kbKey !== `package:${packageIdentity}`
    ) {
      const family = objectFamily({ type: 'package', name: packageIdentity });
      if (family !== '') factors.add(family);
    }
    if (channel !== '' && channel !== 'unknown') factors.add(`channel:${channel}`);
    if (upgradedFrom !== '') factors.add(`upgraded_from:${upgradedFrom.trim().toLowerCase()}`);
  }
  return factors;
}
