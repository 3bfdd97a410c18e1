import { GENERATIONS } from '#domain/generation.js';
import { BANK_TABLES, databaseOf, PUBLIC_DATABASE, PUBLIC_VIEWS } from '../clickhouse/tables.js';
import type { EngineSchema } from './engine-users.js';

/** Public views without a column `bank`: they tell about all banks at once. */
const VIEWS_OF_ALL_BANKS: readonly string[] = ['freshness'];

/** Rollcall's own tables and views, for grants and row filters. */
export const ROLLCALL_SCHEMA: EngineSchema = {
  generations: GENERATIONS.map(databaseOf),
  publicDatabase: PUBLIC_DATABASE,
  bankTables: BANK_TABLES,
  bankViews: PUBLIC_VIEWS.filter((view) => !VIEWS_OF_ALL_BANKS.includes(view)),
};
