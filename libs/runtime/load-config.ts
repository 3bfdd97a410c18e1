import type { z } from 'zod';

/** A configuration that cannot be used; the message lists every problem at once, one a line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Parses the environment with an app's schema. No other place reads `process.env`.
 * @throws ConfigError naming every wrong variable and what is expected
 */
export function loadConfig<T extends z.ZodType>(schema: T, environment: NodeJS.ProcessEnv): z.output<T> {
  const result = schema.safeParse(environment);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  throw new ConfigError(`the configuration cannot be used:\n${lines.join('\n')}`);
}
