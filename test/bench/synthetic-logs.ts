/** Logs of any length, shaped like real ones: mostly routine lines, some of results. Times go on from block to block. */
const START_MS = Date.UTC(2024, 0, 1);
const LINES_PER_BLOCK = 40_000;

const two = (value: number) => String(value).padStart(2, '0');
const stampOf = (ms: number) => new Date(ms).toISOString().slice(0, 19);

/** A block of CBS.log: of 1,000 records one is a package's result, the rest is what servicing writes all day. */
export function cbsBlock(number: number): Buffer {
  const lines: string[] = [];
  for (let at = 0; at < LINES_PER_BLOCK; at += 1) {
    const ms = START_MS + (number * LINES_PER_BLOCK + at) * 100;
    const head = `${stampOf(ms).replace('T', ' ')}, Info                 `;
    const sequence = at.toString(16).padStart(8, '0');
    const session = `3${number}_${at}`;
    const name = `Package_for_RollupFix~31bf3856ad364e35~amd64~~19041.${at % 5_000}.1.7`;
    if (at % 1_000 === 1)
      lines.push(
        `${head} CBS    Exec: Processing started.  Client: WindowsUpdateAgent, Session: ${session}, Package: ${name}, Identifier: KB5034763`,
      );
    else if (at % 1_000 === 2)
      lines.push(
        `${head} CBS    Exec: Processing complete.  Session: ${session}, Package: ${name}, Identifier: KB5034763 [HRESULT = 0x${at % 2_000 === 2 ? '800f0922 - CBS_E_INSTALLERS_FAILED' : '00000000 - S_OK'}]`,
      );
    else if (at % 50 === 3)
      lines.push(
        `${head} CSI    ${sequence}@${utcStamp(ms - 28_800_000)} CSI perf trace:`,
        'CSIPERF:TXCOMMIT;123456',
      );
    else if (at % 7 === 4)
      lines.push(
        `${head} CSI    ${sequence} Warning: Overlap: Duplicate ownership for directory [l:62]'\\??\\C:\\ProgramData\\Microsoft\\Windows\\Start Menu\\Programs' in component Microsoft-Windows-shell32, version 10.0.19041.1, arch amd64`,
      );
    else if (at % 7 === 5)
      lines.push(
        `${head} CBS    Appl: detectParent: package: Microsoft-Windows-Foundation-Package~31bf3856ad364e35~amd64~~10.0.19041.1, parent state: Installed, disposition: Staged`,
      );
    else
      lines.push(
        `${head} CBS    Plan: Package: ${name}, current: Installed, pending: Default, start: Installed, applicable: Installed, target: Installed`,
      );
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n`);
}

function utcStamp(ms: number): string {
  const date = new Date(ms);
  const day = `${date.getUTCFullYear()}/${date.getUTCMonth() + 1}/${date.getUTCDate()}`;
  const clock = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(':');
  return `${day}:${clock}.${String(ms % 1_000).padStart(3, '0')}`;
}

/** A block of the decoded WindowsUpdate.log: of 500 lines one is a result, one names an update. */
export function windowsUpdateBlock(number: number): Buffer {
  const lines: string[] = [];
  for (let at = 0; at < LINES_PER_BLOCK; at += 1) {
    const ms = START_MS + (number * LINES_PER_BLOCK + at) * 100;
    const head = `${stampOf(ms).replace('T', ' ').replaceAll('-', '/')}.${String(ms % 1_000).padStart(3, '0')}1234 6720  4720  `;
    const id = `${(at % 4_096).toString(16).padStart(8, '0')}-1111-4111-8111-111111111111`;
    if (at % 500 === 1)
      lines.push(
        `${head}ComApi          Title=2024-05 Cumulative Update (KB5034${two(at % 100)}1), ProductName=(null), UpdateId=${id.toUpperCase()}.200, FlightId=(null)`,
      );
    else if (at % 500 === 2)
      lines.push(
        `${head}Agent           LogHistory called. idUpdate={${id}}.200, resultMapped=80070643, resultUnMapped=800F0828`,
      );
    else if (at % 3 === 0)
      lines.push(`${head}Misc            *FAILED* [80248014] GetServiceObject couldn't find service`);
    else
      lines.push(
        `${head}ProtocolTalker  SyncUpdates round trips: 2, ServiceId = {9482F4B4-E343-43B6-B170-9A65BC822C77}, server URL = https://example.invalid/client.asmx`,
      );
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n`);
}
