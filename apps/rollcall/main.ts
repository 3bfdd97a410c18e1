#!/usr/bin/env node
import { runCommandLine } from './program.js';

// A reader that has seen enough (`rollcall cohorts | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await runCommandLine(process.argv.slice(2));
