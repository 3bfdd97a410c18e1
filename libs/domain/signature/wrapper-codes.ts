/**
 * Codes that only say that something inside failed: whoever reports one passes on another's failure. Inside one
 * attempt they give way to any report that names the cause (contract.md §3). Value: the symbolic name.
 * 0x80070643 over 0x800f0828 was seen in real logs; the others are the update agent's words for
 * "the installer failed" in wuerror.h, and Windows Installer's and set-up's general failure.
 */
export const WRAPPER_CODES: ReadonlyMap<string, string> = new Map([
  ['0x80070643', 'ERROR_INSTALL_FAILURE'],
  ['0x80240022', 'WU_E_ALL_UPDATES_FAILED'],
  ['0x80240fff', 'WU_E_UNEXPECTED'],
  ['0x8024200b', 'WU_E_UH_INSTALLERFAILURE'],
  ['0x80242fff', 'WU_E_UH_UNEXPECTED'],
  ['0x80004005', 'E_FAIL'],
]);

export const isWrapperCode = (code: string): boolean => WRAPPER_CODES.has(code);
