import { cohortIdOf } from '#domain/final-failures.js';
import { formerIdsOf } from '#domain/signature/signature-aliases.js';
import type { SignatureAliases } from '#domain/signature/signature-aliases.js';
import type { Ask } from './ask.js';
import { Conditions } from './conditions.js';

interface NamedCohort {
  readonly bank: string;
  readonly build: string;
  readonly kb: string;
  readonly cohort_id: string;
  readonly signature_id: string;
}

/**
 * The cohort of today that an id of earlier rules meant: an id is made from bank, build, KB and signature, so each cohort
 * tells what its id was under every former id of its signature. null when none was.
 */
export async function askFormerCohort(
  ask: Ask,
  database: string,
  bank: string | null,
  cohortId: string,
  aliases: SignatureAliases,
): Promise<string | null> {
  if (aliases.size === 0) return null;
  const conditions = new Conditions().where('bank', '=', 'String', bank);
  const cohorts = await ask<NamedCohort>(
    `SELECT DISTINCT bank, build, kb, cohort_id, signature_id FROM ${database}.final_failures WHERE ${conditions.sql} ORDER BY cohort_id`,
    conditions.parameters,
  );
  const formerIds = new Map<string, readonly string[]>();
  for (const { signature_id: id } of cohorts)
    if (!formerIds.has(id)) formerIds.set(id, formerIdsOf(aliases, id));
  const found = cohorts.find(({ bank: owner, build, kb, signature_id: id }) =>
    formerIds.get(id)?.some((former) => cohortIdOf(owner, build, kb, former) === cohortId),
  );
  return found?.cohort_id ?? null;
}
