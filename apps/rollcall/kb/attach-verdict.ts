import type { AttemptReport } from '#domain/attempt-event.js';
import type { PackageVerdict } from '#domain/packages/package-file.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import { BatchSender } from '../import/batch-sender.js';
import { findDestination } from '../import/find-destination.js';
import type { DestinationWish } from '../import/find-destination.js';
import { note } from '../output.js';
import type { FileHashes } from './hash-file.js';

/** The attempt that a verdict belongs to: its device, and a time within it. */
export interface AttemptWish extends DestinationWish {
  readonly device?: string;
  readonly deviceName?: string;
  readonly at?: string;
}

/**
 * Sends the verdict as a report of its own: an observation without an outcome, which joins the attempt of that device,
 * KB and time. Sending the same again adds nothing. @throws CommandFailure when it cannot be attached
 */
export async function attachVerdict(
  { kb, verdict, sha256, sha1 }: FileHashes & PackageVerdict,
  wish: AttemptWish,
): Promise<void> {
  const { device, deviceName, at } = wish;
  if (device !== undefined && deviceName !== undefined)
    throw new CommandFailure(EXIT.usage, 'say which device it was: either --device or --device-name');
  if (at === undefined) throw new CommandFailure(EXIT.usage, 'say with --at when the attempt was');
  if (kb === null) throw new CommandFailure(EXIT.usage, 'say with --kb which update the file is');
  const report: AttemptReport = {
    source: 'manual',
    sourceEventId: `package:${sha256}:${at}`,
    operation: 'install',
    outcome: 'unknown',
    targetKb: kb,
    occurredAt: at,
    tags: { packageSha256: sha256, packageSha1: sha1, packageVerdict: verdict },
    ...(device === undefined ? {} : { deviceKey: device }),
    ...(deviceName === undefined ? {} : { deviceName }),
  };
  const sender = new BatchSender(await findDestination(wish));
  await sender.add(report);
  const { accepted, reasons } = await sender.finish();
  if (accepted !== 1) throw new CommandFailure(EXIT.failed, `the collector refused: ${reasons.join('; ')}`);
  note(
    `recorded: it joins the attempt of ${kb} at ${at}; where that device has none, it stands as one of its own`,
  );
}
