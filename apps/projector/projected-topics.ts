import type { Generation } from '#domain/generation.js';

/** Topics whose messages become rows. */
export const PROJECTED_TOPICS = ['patch.attempts', 'patch.inventory', 'patch.remedies'] as const;

/** Each generation is filled by a group of its own, so that a rebuild begins at the beginning. */
export const groupOf = (generation: Generation): string => `projector-${generation}`;
