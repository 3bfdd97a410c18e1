/** The sentences of CBS and CSI that decide something (log-formats.md §2). `\s` spans hard wraps of pasted copies. */
const CODE = '(0x[0-9a-f]{1,8})';
/** A code that the end of the log cuts in two is none: fewer than eight digits count only up to their own end. */
const TAIL = '\\[HRESULT\\s?=\\s*(0x(?:[0-9a-f]{8}|[0-9a-f]{1,7}(?=\\s*[\\]–-])))';

export const HRESULT_TAIL = new RegExp(TAIL, 'i');
export const EXEC_STARTED =
  /^Exec: Processing started\.\s+Client: (.{0,128}?), Session: (\S+?), Package: ([^,\s]+)/;
export const EXEC_SESSION_STARTED = /^Exec: Session processing started\./;
/** Groups: session, package, identifier, code. */
export const EXEC_DONE = new RegExp(
  `^Exec: Processing complete\\.\\s+Session: (\\S+?), Package: ([^,\\s[]+)(?:,\\s*(?:Identifier:\\s*)?([^[\\r\\n]{0,128}?))?\\s*${TAIL}`,
  'i',
);
export const EXEC_SESSION_DONE = /^Exec: Processing complete, session\(/;
/** Where something was fetched, a download error may stand between the two. */
export const SESSION_FINALIZED =
  /^Session: (\S+) finalized\.(?: [^\r\n]{1,200},)? Reboot required: (yes|no)/i;
export const STARTUP_DONE = new RegExp(`^Startup: Processing complete\\.\\s*${TAIL}`, 'i');
export const STARTUP_STATE = /^Startup: current ExecuteState is (.+)$/m;
/** Printed when a start-up is over or by others that waited for it. */
export const STARTUP_AFTERMATH = /^Startup: (?:received notification|TiWorker|Changing logon)/;
export const STATE_SET = /^Setting ExecuteState key to: (.+)$/m;
/** Groups: verb, status, last forward state. */
export const ORIGINAL_STATUS = new RegExp(
  `^(Setting|Retrieved) original failure status: ${CODE}, last forward execute state: (\\w{1,64})`,
  'i',
);
/** Groups: package, status, failure source, start state, target state, client. */
export const WER = new RegExp(
  `^WER: Generating failure report for package:\\s*([^,\\s]+),? status: ${CODE}, failure source: ([^,]{1,64}), start state: ([^,]{1,40}), target state: ([^,\\r\\n]{1,40})(?:, client id: ([^,\\r\\n]{1,128}))?`,
  'i',
);
/** Older versions begin it with `SQM: `. Groups: package, current, original, target, status, failure source. */
export const PACKAGE_CHANGE = new RegExp(
  `^(?:SQM: )?Reporting package change completion for package: ([^,\\s]+), current: ([^,]{1,40}), original: ([^,]{1,40}), target: ([^,]{1,40}), status: ${CODE}, failure source: ([^,]{1,64})`,
  'i',
);
/** Groups: the state the features were to reach, session. */
export const CAPABILITY =
  /^Reporting capability session finalize status: .{1,4000}?, state: (\w{1,40}), ID: ([^,\s]{1,64})/;
/** Groups: the feature of a package, its result. */
export const FEATURE_CHANGE = new RegExp(
  `^(?:SQM: )?Reporting selectable update change for package: [^,]{1,256}, update: ([^,]{1,256}), .{1,2000}?overall result:\\s?${CODE}`,
  'i',
);
/** Groups: decimal win32 result, inf. */
export const DRIVER_RESULT =
  /^(?:UN)?INSTALL index: \d+, phase: \d+, result (\d{1,10}), inf: ([\w.-]{1,128})/;
/** Groups: installer, code, `not ` or nothing. */
export const QUEUE_ITEM_FAILED =
  /Failed execution of queue item Installer: (.{1,128}?) \(\{.{0,64}?\}\) with HRESULT ((?:HRESULT_FROM_WIN32\(\w+\))|0x[0-9a-f]{8}|\w{1,64})\.\s+Failure will (not )?be ignored/i;
/** Groups: installer, code without 0x, component. Separated by tabs. */
export const INSTALLER_ERROR =
  /\(F\) Installer: (.{1,128}?)\s+Binary Name: \S{1,128}\s+ErrorCode: ([0-9a-fx]{1,10})\b(?:.{0,128}?Component: ([^\t[\r\n]{1,256}))?/i;
/** Group: the component's name, or `(null)`. */
export const NEW_COMPONENT = /^\s*New component: (?:\[[^\]]{0,32}\])?'?([^,'\r\n]{1,256})/m;
export const CONTAINER_LAYER = /Failed to create container base layer for client id (\S{1,256}) with status/;
export const PROGRESS_ROLLBACK = /^Progress: UI message updated\..{0,200}Rollback\./;
export const FATAL_STEP =
  /^(?:Failed to process single phase execution|Failed to execute execution chain|Failed to perform operation)/;

/** A package's identity without the marks that a page's own syntax put into it; '' for a placeholder (`<Package>`). */
export function packageName(text: string): string {
  const name = text.replace(/[`\\]/g, '');
  return name.startsWith('<') ? '' : name;
}
