import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';

interface LockedPackage {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** npm leaves packages of other platforms out of the lock where the registry does not have them; then `npm ci` refuses it. */
describe('package-lock.json', () => {
  it('names every optional package, also those of other platforms', () => {
    const url = new URL('../../package-lock.json', import.meta.url);
    const { packages } = JSON.parse(readFileSync(url, 'utf8')) as {
      packages: Readonly<Record<string, LockedPackage>>;
    };
    const wanted = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).map((name) => ({ path, name })),
    );
    const missing = wanted.filter(
      ({ path, name }) =>
        !(`node_modules/${name}` in packages) && !(`${path}/node_modules/${name}` in packages),
    );
    expect(missing).toEqual([]);
    expect(wanted.length).toBeGreaterThan(10);
  });
});
