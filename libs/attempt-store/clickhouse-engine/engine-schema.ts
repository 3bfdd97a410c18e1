import {
  BANK_TABLES,
  databaseOf,
  GENERATIONS,
  PUBLIC_DATABASE,
  PUBLIC_VIEWS,
  SHARED_TABLES,
} from '../clickhouse/tables.js';
import type { EngineSchema } from './engine-users.js';

/** Public views that show no bank: one row about all rows the reader may see. */
const OPEN_VIEWS: readonly string[] = ['freshness'];

/** Rollcall's own tables and views, for grants and row filters. */
export const ROLLCALL_SCHEMA: EngineSchema = {
  generations: GENERATIONS.map(databaseOf),
  publicDatabase: PUBLIC_DATABASE,
  bankTables: BANK_TABLES,
  sharedTables: SHARED_TABLES,
  bankViews: PUBLIC_VIEWS.filter((view) => !OPEN_VIEWS.includes(view)),
  openViews: OPEN_VIEWS,
};
