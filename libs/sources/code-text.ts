import type { InnerError } from '#domain/report.js';

/** Names that stand in for a number in CSI and installer records; what is missing here is read from `gle` or left out. */
const WIN32_NAMES: Readonly<Record<string, number>> = {
  ERROR_FILE_NOT_FOUND: 2,
  ERROR_PATH_NOT_FOUND: 3,
  ERROR_ACCESS_DENIED: 5,
  ERROR_INVALID_HANDLE: 6,
  ERROR_NOT_ENOUGH_MEMORY: 8,
  ERROR_INVALID_DATA: 13,
  ERROR_OUTOFMEMORY: 14,
  ERROR_CRC: 23,
  ERROR_GEN_FAILURE: 31,
  ERROR_SHARING_VIOLATION: 32,
  ERROR_INVALID_PARAMETER: 87,
  ERROR_DISK_FULL: 112,
  ERROR_CALL_NOT_IMPLEMENTED: 120,
  ERROR_SEM_TIMEOUT: 121,
  ERROR_INSUFFICIENT_BUFFER: 122,
  ERROR_MOD_NOT_FOUND: 126,
  ERROR_ALREADY_EXISTS: 183,
  ERROR_SERVICE_REQUEST_TIMEOUT: 1053,
  ERROR_SERVICE_DISABLED: 1058,
  ERROR_SERVICE_DOES_NOT_EXIST: 1060,
  ERROR_SERVICE_DEPENDENCY_FAIL: 1068,
  ERROR_SERVICE_MARKED_FOR_DELETE: 1072,
  ERROR_SERVICE_EXISTS: 1073,
  ERROR_IO_DEVICE: 1117,
  ERROR_NOT_FOUND: 1168,
  ERROR_FILE_CORRUPT: 1392,
  ERROR_DISK_CORRUPT: 1393,
  ERROR_TIMEOUT: 1460,
  ERROR_INSTALL_FAILURE: 1603,
  RPC_S_SERVER_UNAVAILABLE: 1722,
  EPT_S_NOT_REGISTERED: 1753,
  ERROR_LOG_GROWTH_FAILED: 6833,
  ERROR_SXS_COMPONENT_STORE_CORRUPT: 14098,
  ERROR_ADVANCED_INSTALLER_FAILED: 14099,
};

const NTSTATUS_NAMES: Readonly<Record<string, number>> = {
  STATUS_OBJECT_NAME_NOT_FOUND: 0xc0000034,
  STATUS_OBJECT_PATH_NOT_FOUND: 0xc000003a,
  STATUS_ACCESS_DENIED: 0xc0000022,
  STATUS_SHARING_VIOLATION: 0xc0000043,
  STATUS_CRC_ERROR: 0xc000003f,
  STATUS_DISK_FULL: 0xc000007f,
  STATUS_FILE_CORRUPT_ERROR: 0xc0000102,
  STATUS_DISK_CORRUPT_ERROR: 0xc0000032,
  STATUS_IO_DEVICE_ERROR: 0xc0000185,
  STATUS_DATA_ERROR: 0xc000003e,
  STATUS_INVALID_PARAMETER: 0xc000000d,
  STATUS_UNSUCCESSFUL: 0xc0000001,
  STATUS_SXS_COMPONENT_STORE_CORRUPT: 0xc015001a,
  STATUS_LOG_GROWTH_FAILED: 0xc0190019,
};

const hex = (value: number) => `0x${(value >>> 0).toString(16).padStart(8, '0')}`;

/**
 * A code of one of the field's spellings as `0x%08x`: hex with or without `0x` (short ones padded) and signed or
 * large decimal (`-2147023143`, `2388526074`). Undefined when it is none, or longer than 32 bits.
 */
export function codeOf(text: string): string | undefined {
  const trimmed = text.trim();
  if (/^0x[0-9a-f]{1,8}$/i.test(trimmed)) return hex(Number.parseInt(trimmed.slice(2), 16));
  if (/^-\d{1,10}$|^\d{10}$/.test(trimmed)) {
    const value = Number(trimmed);
    return value >= -0x80000000 && value <= 0xffffffff ? hex(value) : undefined;
  }
  return /^[0-9a-f]{1,8}$/i.test(trimmed) ? hex(Number.parseInt(trimmed, 16)) : undefined;
}

const HR_WORDS = /(?:HRESULT|NTSTATUS)_FROM_WIN32\((\w+)\)|\b(STATUS_[A-Z0-9_]+)|\b(0x[0-9a-f]{8})\b/i;

/**
 * The first code a piece of CSI text names, with the kind it has there: `HRESULT_FROM_WIN32(1058)` is a win32 error
 * (`0x00000422`), `STATUS_…` an NTSTATUS; `gle` (thread's last error) only helps to number a status without a known name:
 * 0xdXXXXXXX is that NTSTATUS as an HRESULT.
 */
export function innerErrorIn(text: string, origin?: string): InnerError | undefined {
  const found = HR_WORDS.exec(text);
  if (!found) return undefined;
  const [, win32, status, plain] = found;
  const from = origin === undefined ? {} : { origin };
  if (win32 !== undefined) {
    const value = /^\d+$/.test(win32) ? Number(win32) : WIN32_NAMES[win32.toUpperCase()];
    return value === undefined || value > 0xffffffff ? undefined : { code: hex(value), kind: 'win32', ...from };
  }
  if (status !== undefined) {
    const gle = /\[gle=0xd([0-9a-f]{7})\]/i.exec(text)?.[1];
    const value = NTSTATUS_NAMES[status.toUpperCase()];
    const code = value === undefined ? gle && `0xc${gle.toLowerCase()}` : hex(value);
    return code ? { code, kind: 'ntstatus', ...from } : undefined;
  }
  return plain === undefined ? undefined : { code: plain.toLowerCase(), kind: 'hresult', ...from };
}

/** The same error has one key whether written as win32, NTSTATUS or HRESULT. */
export function errorKey(error: InnerError): string {
  const value = Number.parseInt(error.code.slice(2), 16);
  if (error.kind === 'win32' && value <= 0xffff) return hex(0x80070000 + value);
  return error.kind === 'ntstatus' ? hex(value | 0x10000000) : error.code;
}

export const SUCCESS = '0x00000000';

/** ERROR_SUCCESS_REBOOT_REQUIRED, ERROR_FAIL_REBOOT_REQUIRED: the work goes on after a restart, nothing failed. */
export const RESTART_CODES: ReadonlySet<string> = new Set(['0x80070bc2', '0x80070bc9']);
