import { DraftCaseHandler } from './draft-case.js';
import { ListAlertsHandler } from './list-alerts.js';
import { ListAttemptsHandler } from './list-attempts.js';
import { ListCohortsHandler } from './list-cohorts.js';
import { ShowCohortHandler } from './show-cohort.js';
import { ShowDeviceHandler } from './show-device.js';
import { ShowStatusHandler } from './show-status.js';

/** The handlers of every question the console answers. */
export const QUESTIONS = [
  ListCohortsHandler,
  ShowCohortHandler,
  DraftCaseHandler,
  ShowDeviceHandler,
  ListAttemptsHandler,
  ListAlertsHandler,
  ShowStatusHandler,
];
