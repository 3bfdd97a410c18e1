import map from './editions.json' with { type: 'json' };
import { lineNames, lineOf } from './kb-catalogue.js';

/** Whether the name under which a device is known fits the build it really has. */
export interface EditionCheck {
  readonly claimed: string;
  readonly verdict: 'consistent' | 'conflict' | 'unknown';
  /** Builds that the claimed edition should have; empty when the name is not known. */
  readonly expectedBuilds: readonly string[];
  readonly reason: string;
}

interface Expectation {
  readonly builds: readonly string[];
  readonly basis: string;
}

const editions: ReadonlyMap<string, Expectation> = new Map(
  Object.entries(map.editions).map(([name, expectation]): [string, Expectation] => [fold(name), expectation]),
);

/**
 * The claimed edition against the build. Names of the edition map and of Windows versions are known; `unknown` without a
 * build or for any other name.
 */
export function checkEdition(claimed: string, osBuild: string | null): EditionCheck {
  const { builds, basis } = editions.get(fold(claimed)) ?? versionNamed(claimed);
  const answer = (verdict: EditionCheck['verdict'], reason: string): EditionCheck => ({
    claimed,
    verdict,
    expectedBuilds: builds,
    reason,
  });
  if (builds.length === 0) return answer('unknown', `The edition map does not know "${claimed}".`);
  const expected = `${claimed} should be build ${builds.join(' or ')}${basis === 'confirmed' ? '' : ` (${basis}, not confirmed by the OS vendor)`}`;
  if (osBuild === null) return answer('unknown', `${expected}; the device's build is not known.`);
  return builds.includes(lineOf(osBuild))
    ? answer('consistent', `${expected}; the device has ${osBuild}.`)
    : answer('conflict', `${expected}, but the device has ${osBuild}.`);
}

/** `21H2` is Windows 10's and Windows 11's: both builds. */
function versionNamed(claimed: string): Expectation {
  const asked = fold(claimed);
  const builds = [...lineNames].flatMap(([line, name]) =>
    name
      .split('/')
      .some((part) => fold(part) === asked || fold(part).replace(/^windows(10|11)/, '') === asked)
      ? [line]
      : [],
  );
  return { builds, basis: 'confirmed' };
}

function fold(name: string): string {
  return name.toLowerCase().replace(/[\s_-]/g, '');
}
