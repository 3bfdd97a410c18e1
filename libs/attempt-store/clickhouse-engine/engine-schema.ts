import { GENERATIONS } from '#domain/generation.js';
import { BANK_TABLES, databaseOf, PUBLIC_DATABASE, PUBLIC_VIEWS } from '../clickhouse/tables.js';
import type { EngineSchema } from './engine-users.js';

/** Rollcall's own tables and views, for grants and row filters. Every public view has a column `bank`. */
export const ROLLCALL_SCHEMA: EngineSchema = {
  generations: GENERATIONS.map(databaseOf),
  publicDatabase: PUBLIC_DATABASE,
  bankTables: BANK_TABLES,
  bankViews: PUBLIC_VIEWS,
};
