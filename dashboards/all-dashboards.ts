import type { Dashboard } from './dashboard.js';
import { failingCohorts } from './failing-cohorts.js';
import { fleetOverview } from './fleet-overview.js';

/** File name (without `.json`) → dashboard. */
export const allDashboards: Readonly<Record<string, Dashboard>> = {
  'fleet-overview': fleetOverview,
  'failing-cohorts': failingCohorts,
};

/** The file's text: what is committed, provisioned and compared. */
export const dashboardJson = (dashboard: Dashboard): string => `${JSON.stringify(dashboard, null, 2)}\n`;
