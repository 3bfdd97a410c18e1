import { z } from 'zod';
import { loadConfig } from '#runtime/load-config.js';

const set = (text: string | undefined) => text === 'true' || text === '1' || text === 'yes';

/** The password comes by the environment only: arguments are seen by everybody on a machine. */
const schema = z
  .object({
    ROLLCALL_WSUS_SERVER: z.string({ error: 'name the SQL Server, here or with --server' }).min(1).max(255),
    ROLLCALL_WSUS_PORT: z.coerce.number().int().min(1).max(65_535).optional(),
    ROLLCALL_WSUS_INSTANCE: z.string().min(1).max(128).optional(),
    ROLLCALL_WSUS_DATABASE: z.string().min(1).max(128).default('SUSDB'),
    ROLLCALL_WSUS_USER: z
      .string({ error: 'name the login that may read SUSDB, here or with --user' })
      .min(1)
      .max(256),
    ROLLCALL_WSUS_PASSWORD: z.string({ error: 'the login’s password, here only' }).min(1),
    /** Of a Windows account; without one the login is SQL Server's own. */
    ROLLCALL_WSUS_DOMAIN: z.string().min(1).max(255).optional(),
    /** For a server whose certificate no authority signed, as SQL Server makes one for itself. */
    ROLLCALL_WSUS_TRUST_CERTIFICATE: z.enum(['true', 'false', '1', '0', 'yes', 'no']).optional(),
  })
  .refine(({ ROLLCALL_WSUS_PORT: port, ROLLCALL_WSUS_INSTANCE: instance }) => !port || !instance, {
    path: ['ROLLCALL_WSUS_INSTANCE'],
    error: 'give a port or an instance, not both',
  });

export interface SusdbConfig {
  readonly server: string;
  readonly port: number | undefined;
  readonly instance: string | undefined;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  readonly domain: string | undefined;
  readonly trustsCertificate: boolean;
}

/** @throws ConfigError that names everything that is wrong or missing */
export function susdbConfig(environment: NodeJS.ProcessEnv): SusdbConfig {
  const read = loadConfig(schema, environment);
  return {
    server: read.ROLLCALL_WSUS_SERVER,
    port: read.ROLLCALL_WSUS_PORT,
    instance: read.ROLLCALL_WSUS_INSTANCE,
    database: read.ROLLCALL_WSUS_DATABASE,
    user: read.ROLLCALL_WSUS_USER,
    password: read.ROLLCALL_WSUS_PASSWORD,
    domain: read.ROLLCALL_WSUS_DOMAIN,
    trustsCertificate: set(read.ROLLCALL_WSUS_TRUST_CERTIFICATE),
  };
}
