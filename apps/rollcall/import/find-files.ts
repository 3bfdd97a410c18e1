import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CommandFailure, EXIT } from '../exit-codes.js';

/**
 * The files of the given paths, folders recursively, in a stable order, each once. Links inside folders are not
 * followed: they may lead out of the evidence or in a circle.
 * @throws CommandFailure (1) when a given path cannot be read
 */
export function findFiles(paths: readonly string[]): string[] {
  const files = new Set<string>();
  for (const path of paths) {
    try {
      if (statSync(path).isDirectory()) for (const file of filesBelow(path)) files.add(file);
      else files.add(path);
    } catch (error) {
      throw new CommandFailure(EXIT.failed, `cannot read ${path}: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }
  return [...files];
}

function* filesBelow(folder: string): Generator<string> {
  const entries = readdirSync(folder, { withFileTypes: true });
  for (const entry of entries.sort((left, right) => (left.name < right.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile()) yield path;
  }
}
