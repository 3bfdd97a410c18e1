import { tellPackages } from '#domain/packages/device-packages.js';
import type { DevicePackage, PackageSnapshot } from '#domain/packages/device-packages.js';
import { fileInput } from '../import/evidence-input.js';
import { findFiles } from '../import/find-files.js';
import { importFiles } from '../import/import-files.js';
import type { ImportSink } from '../import/import-files.js';
import { note } from '../output.js';

export interface ListedDevice {
  /** As the listing names it; '' when it does not. */
  readonly deviceKey: string;
  readonly packages: readonly DevicePackage[];
}

/** The packages of every device in the files; a file that cannot be read is named on stderr and stops no other. */
export async function readListings(
  paths: readonly string[],
  takenAt: string | undefined,
): Promise<ListedDevice[]> {
  const snapshots = new Map<string, PackageSnapshot[]>();
  const sink: ImportSink = {
    report: () => Promise.resolve(),
    inventory: (_file, _line, inventory) => {
      if (inventory.packages === undefined) return Promise.resolve();
      const device = inventory.deviceName ?? inventory.deviceKey ?? '';
      const own = snapshots.get(device) ?? [];
      snapshots.set(device, [
        ...own,
        { takenAtMs: Date.parse(inventory.takenAt), packages: inventory.packages },
      ]);
      return Promise.resolve();
    },
    account: () => undefined,
    progress: () => undefined,
  };
  const done = await importFiles(
    findFiles(paths).map(fileInput),
    takenAt === undefined ? {} : { takenAt },
    sink,
  );
  for (const { file, problem } of done) if (problem !== null) note(`${file}: ${problem}`);
  return [...snapshots].map(([deviceKey, own]) => ({ deviceKey, packages: tellPackages(own) }));
}
