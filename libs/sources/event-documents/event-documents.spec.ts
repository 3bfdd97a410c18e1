import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readAll } from '../evidence-fixtures.contract.js';
import { eventInstant, nanosInstant } from './event-instant.js';
import { JsonDocuments } from './json-documents.js';
import { NotProtobuf, readOtlpProtobuf } from './otlp-protobuf.js';
import { eventsInDocument } from './read-event-documents.js';

const TITLE = '2024-09 Cumulative Update for Windows 10 (KB5043050)';
const GUID = '25acae93-40d4-4e62-814c-efb2f29f1bca';
const SERVICE = '{3DA21691-E39D-4DA6-8A4B-B43877BCB1B7}';
const fields = {
  errorCode: '0x80070570',
  updateTitle: TITLE,
  updateGuid: `{${GUID}}`,
  updateRevisionNumber: '201',
  serviceGuid: SERVICE,
};
const provider = 'Microsoft-Windows-WindowsUpdateClient';
const expected = {
  source: 'windows_update_client',
  deviceName: 'PC-0042.bank.example',
  targetKb: 'KB5043050',
  updateId: GUID,
  updateRevision: 201,
  channel: 'wsus',
  outcome: 'failed',
  hresult: '0x80070570',
  naturalKey: { kind: 'event_log', channel: 'system', recordId: 77, timeCreated: '2024-09-10T08:00:00.123Z' },
};
const winlog = {
  provider_name: provider,
  event_id: '20',
  channel: 'System',
  record_id: 77,
  computer_name: 'PC-0042.bank.example',
  event_data: fields,
};
const time = '2024-09-10T08:00:00.123Z';
const datadogFields = Object.entries(fields).map(([Name, Value]) => ({ Name, '#text': Value }));
const otelBody = {
  channel: 'System',
  computer: 'PC-0042.bank.example',
  event_id: { id: 20, qualifiers: 0 },
  provider: { name: provider, guid: '', event_source: '' },
  record_id: 77,
  system_time: '2024-09-10T08:00:00.1239999Z',
  event_data: { data: Object.entries(fields).map(([name, value]) => ({ [name]: value })) },
};
const system = {
  Provider: { Name: provider },
  EventID: { value: 20, qualifiers: '' },
  Channel: 'System',
  EventRecordID: '77',
  Computer: 'PC-0042.bank.example',
  TimeCreated: { SystemTime: '2024-09-10T08:00:00.1230000Z' },
};

/** Plain JSON as an OTLP AnyValue. */
function anyValue(value: unknown): unknown {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'number') return { intValue: String(value) };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  const values = Object.entries(value as object).map(([key, member]) => ({ key, value: anyValue(member) }));
  return { kvlistValue: { values } };
}
const otlp = (...bodies: unknown[]) => ({
  resourceLogs: [{ scopeLogs: [{ logRecords: bodies.map((body) => ({ body: anyValue(body) })) }] }],
});

/** The same tree in protobuf, written independently of the reader. */
const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
const field = (number: number, bytes: readonly number[]) => [
  ...varint(number * 8 + 2),
  ...varint(bytes.length),
  ...bytes,
];
function protobufValue(value: unknown): number[] {
  if (typeof value === 'string') return field(1, [...Buffer.from(value)]);
  if (typeof value === 'number') return [3 * 8, ...varint(value)];
  if (Array.isArray(value))
    return field(
      5,
      value.flatMap((item) => field(1, protobufValue(item))),
    );
  const pairs = Object.entries(value as object).flatMap(([key, member]) =>
    field(1, [...field(1, [...Buffer.from(key)]), ...field(2, protobufValue(member))]),
  );
  return field(6, pairs);
}
const protobuf = (body: unknown) => {
  const record = [
    1 * 8 + 1,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    ...field(3, [...Buffer.from('INFO')]),
    ...field(5, protobufValue(body)),
  ];
  return Uint8Array.from(field(1, [...field(1, []), ...field(2, field(2, record))]));
};

const SHAPES: Readonly<Record<string, object>> = {
  'Winlogbeat 8': { '@timestamp': time, winlog, host: { name: 'forwarder' } },
  'Winlogbeat 7': { '@timestamp': time, winlog: { ...winlog, event_id: 20, record_id: '77' } },
  'Winlogbeat with dotted names': {
    '@timestamp': time,
    ...Object.fromEntries(
      Object.entries({ ...winlog, event_data: undefined }).map(([key, value]) => [`winlog.${key}`, value]),
    ),
    ...Object.fromEntries(Object.entries(fields).map(([key, value]) => [`winlog.event_data.${key}`, value])),
  },
  'an Elasticsearch hit': { _index: 'x', _source: { '@timestamp': time, winlog } },
  'Winlogbeat 6': {
    '@timestamp': time,
    source_name: provider,
    event_id: 20,
    log_name: 'System',
    record_number: '77',
    computer_name: 'PC-0042.bank.example',
    event_data: fields,
  },
  Datadog: { Event: { System: system, EventData: { Data: fields } } },
  'Datadog with listed fields': { Event: { System: system, EventData: { Data: datadogFields } } },
  'Fluent Bit winevtlog': {
    ProviderName: provider,
    EventID: 20,
    Channel: 'System',
    EventRecordID: 77,
    Computer: 'PC-0042.bank.example',
    TimeCreated: '2024-09-10 16:00:00.123 +0800',
    StringInserts: Object.values(fields),
  },
  'OpenTelemetry body': otelBody,
  'OTLP/JSON': otlp(otelBody),
  'OTLP/JSON with text': otlp(JSON.stringify(otelBody)),
  'Sumo, objects as text': {
    ...otelBody,
    event_id: '{"id":"20","qualifiers":"0"}',
    provider: JSON.stringify({ name: provider }),
    event_data: JSON.stringify(otelBody.event_data),
    record_id: '77',
    system_time: '2024-09-10T08:00:00+1230000Z',
  },
};

describe('event documents', () => {
  for (const [shape, document] of Object.entries(SHAPES)) {
    it(`${shape}: the same report with the same key`, () => {
      for (const text of [
        JSON.stringify(document),
        JSON.stringify([document], null, 2),
        `${JSON.stringify(document)}\n`,
      ]) {
        const { reports, account } = readAll(Buffer.from(text));
        expect(reports.map(({ report }) => report)).toEqual([expect.objectContaining(expected)]);
        expect(account).toMatchObject({
          format: 'event_documents',
          records: 1,
          notUnderstood: 0,
          reports: 1,
        });
      }
    });
  }

  it('OTLP in protobuf is the same tree; bytes that are none are refused, whatever they are', () => {
    expect(eventsInDocument(readOtlpProtobuf(protobuf(otelBody)))).toEqual(eventsInDocument(otlp(otelBody)));
    expect(() => readOtlpProtobuf(protobuf(otelBody).subarray(0, 90))).toThrow(NotProtobuf);
    const wild = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.tuple(fc.nat(), fc.nat(255)).map(([at, value]) => {
        const bytes = protobuf(otelBody);
        bytes[at % bytes.length] = value;
        return bytes;
      }),
    );
    fc.assert(
      fc.property(wild, (bytes) => {
        try {
          expect(Array.isArray(eventsInDocument(readOtlpProtobuf(bytes)))).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(NotProtobuf);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('servicing events by position, and what a message says when the fields were dropped', () => {
    const servicing = (EventID: number, StringInserts: unknown[], Message = '') => ({
      ProviderName: 'Microsoft-Windows-Servicing',
      EventID,
      Channel: 'Setup',
      Computer: 'PC-1',
      TimeCreated: '2023-02-10 05:41:19 +0000',
      StringInserts,
      Message,
    });
    const documents = [
      servicing(1, ['KB5020874', 5000, 'Absent', 5112, 'Installed', 'WindowsUpdateAgent']),
      servicing(3, ['KB5020874', '5112', '0x800f0984', 'WindowsUpdateAgent']),
      servicing(3, [], 'Package KB5020874 failed to be changed to the Installed state. Status: 0x800f0984.'),
      servicing(
        1,
        [],
        '正在启动程序包 KB5020874 的更改。当前状态为 不存在。目标状态为 已安装。客户端 ID: UpdateAgentLCU。',
      ),
    ];
    const { reports, account } = readAll(Buffer.from(documents.map((one) => JSON.stringify(one)).join('\n')));
    expect(account).toMatchObject({ records: 4, understood: 4 });
    expect(
      reports.map(({ report }) => [
        report.outcome,
        report.packageStartState,
        report.packageTargetState,
        report.hresult,
      ]),
    ).toEqual([
      ['unknown', 'Absent', 'Installed', undefined],
      ['failed', undefined, 'Installed', '0x800f0984'],
      ['failed', undefined, 'Installed', '0x800f0984'],
      ['unknown', 'Absent', 'Installed', undefined],
    ]);
    expect(new Set(reports.map(({ report }) => report.targetKb))).toEqual(new Set(['KB5020874']));
  });

  it('a cut line costs no other; what is no event is counted', () => {
    const good = JSON.stringify(SHAPES['Winlogbeat 8']);
    const lines = [good, good.slice(0, 300), good, '{"metric": 1}', 'noise', good];
    const { reports, account } = readAll(Buffer.from(lines.join('\n')));
    expect(reports).toHaveLength(3);
    expect(account).toMatchObject({ records: 6, understood: 3, notUnderstood: 3 });
  });

  it('cuts documents out of any text as a JSON parser would', () => {
    const documents = fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { maxLength: 5 });
    fc.assert(
      fc.property(
        documents,
        fc.constantFrom(0, 1, 4),
        fc.boolean(),
        fc.integer({ min: 1, max: 9 }),
        (all, indent, list, size) => {
          const text = list
            ? JSON.stringify(all, null, indent)
            : all.map((one) => JSON.stringify(one, null, indent)).join('\n');
          const found: unknown[] = [];
          const cutter = new JsonDocuments((document) =>
            found.push(document === null ? null : JSON.parse(document)),
          );
          const bytes = Buffer.from(text);
          for (let at = 0; at < bytes.length; at += size) cutter.push(bytes.subarray(at, at + size));
          cutter.finish();
          expect(found).toEqual(all.map((one) => JSON.parse(JSON.stringify(one)) as unknown));
        },
      ),
    );
  });

  it('times: any zone, cut to milliseconds, none without a zone', () => {
    expect(eventInstant('2023-02-10 05:41:19 +0000')).toBe('2023-02-10T05:41:19.000Z');
    expect(eventInstant('2023-02-10T05:41:19.9999999-03:30')).toBe('2023-02-10T09:11:19.999Z');
    expect(eventInstant('2023-01-20T15:22:02+0000816Z')).toBe('2023-01-20T15:22:02.000Z');
    expect(eventInstant('2023-02-10 05:41:19')).toBeNull();
    expect(eventInstant('2023-13-10T05:41:19Z')).toBeNull();
    expect(nanosInstant('1673969400123456789')).toBe('2023-01-17T15:30:00.123Z');
    expect(nanosInstant('soon')).toBeNull();
  });
});

describe('text of the Event Viewer', () => {
  const message = `Installation Failure: Windows failed to install the following update with error 0x80070570: ${TITLE}.`;
  const told = {
    targetKb: 'KB5043050',
    outcome: 'failed',
    hresult: '0x80070570',
    updateTitle: TITLE,
    occurredAt: null,
  };
  const read = (text: string) => {
    const { reports, account } = readAll(Buffer.from(text));
    expect(account.format).toBe('event_viewer_text');
    return { account, reports: reports.map(({ report }) => report) };
  };

  it('reads what "Save as" writes, with tabs and with commas', () => {
    for (const mark of ['\t', ',']) {
      const row = (...columns: string[]) => columns.join(mark);
      const { reports, account } = read(
        [
          row('Level', 'Date and Time', 'Source', 'Event ID', 'Task Category'),
          row('Error', '9/10/2024 4:00:00 PM', provider, '20', 'Windows Update Agent', `"${message}`),
          'second line"',
          row(
            'Information',
            '9/10/2024 3:00:00 PM',
            'Service Control Manager',
            '7036',
            'None',
            'The service stopped.',
          ),
        ].join('\r\n'),
      );
      expect(reports).toEqual([
        expect.objectContaining({
          ...told,
          updateTitle: expect.stringContaining('KB5043050') as unknown,
          occurredAtText: '9/10/2024 4:00:00 PM',
        }),
      ]);
      expect(account).toMatchObject({
        records: 3,
        understood: 1,
        setAside: { routine: 1, other_provider: 1 },
      });
    }
  });

  it('reads what wevtutil prints as text; a time with Z is UTC', () => {
    const event = (number: number, date: string) =>
      [
        `Event[${number}]:`,
        '  Log Name: System',
        `  Source: ${provider}`,
        `  Date: ${date}`,
        '  Event ID: 20',
        '  Computer: PC-1.bank.example',
        '  Description: ',
        message,
        '',
      ].join('\r\n');
    const { reports, account } = read(
      `${event(0, '2024-09-10T16:00:00.000')}\r\n${event(1, '2024-09-10T08:00:00.1234567Z')}`,
    );
    expect(reports).toEqual([
      expect.objectContaining({ ...told, deviceName: 'PC-1.bank.example' }),
      expect.objectContaining({ ...told, occurredAt: '2024-09-10T08:00:00.123Z', timeSource: 'utc' }),
    ]);
    expect(account).toMatchObject({ records: 4, understood: 2, setAside: { routine: 2 } });
  });

  it('reads details copied as text, English and Chinese', () => {
    const english = [
      'Log Name:      System',
      `Source:        ${provider}`,
      'Date:          9/10/2024 4:00:00 PM',
      'Event ID:      20',
      'Computer:      PC-0042',
      'Description:',
      message,
    ];
    const chinese = [
      '日志名称:          System',
      `来源:            ${provider}`,
      '日期:            2024/9/10 16:00:00',
      '事件 ID:         20',
      '计算机:          PC-0042',
      '描述:',
      '安装失败: Windows 无法安装以下更新，错误 0x80070570: 2024-09 累积更新 (KB5043050)。',
      '事件 Xml:',
      '<Event/>',
    ];
    expect(read([...english, '', ...chinese].join('\r\n')).reports).toEqual([
      expect.objectContaining({ ...told, deviceName: 'PC-0042' }),
      expect.objectContaining({
        targetKb: 'KB5043050',
        outcome: 'failed',
        hresult: '0x80070570',
        deviceName: 'PC-0042',
        occurredAtText: '2024/9/10 16:00:00',
      }),
    ]);
  });

  it('reads printed rows and decimal codes; a blanked-out computer is none', () => {
    const { reports } = read(
      `Error XXXX.corp. 3 Microsoft-Windows-WUSA N/A CORP\\user Windows update "Security Update (KB5014692)" could not be installed because of error 2147943792 "" (Command line: "x")`,
    );
    expect(reports[0]).toMatchObject({ source: 'wusa', targetKb: 'KB5014692', hresult: '0x80070570' });
    expect(reports[0]).not.toHaveProperty('deviceName');
  });
});

describe('what PowerShell shows and exports of events', () => {
  const client = 'Microsoft-Windows-WindowsUpdateClient';
  const failed =
    'Installation Failure: Windows failed to install the following update with error 0x80070643: 2024-01 Security Update (KB5034441).';
  const store =
    'Installation Failure: Windows failed to install the following update with error 0x80073d02: 9NMPJ99VJBWV-Microsoft.YourPhone.';
  const told = {
    source: 'windows_update_client',
    outcome: 'failed',
    operation: 'install',
    targetKb: 'KB5034441',
    hresult: '0x80070643',
    updateTitle: '2024-01 Security Update (KB5034441)',
  };
  const bySource = (text: string) => {
    const { reports, account } = readAll(Buffer.from(text));
    return { reports: reports.map(({ report }) => report), account };
  };

  it.each([
    [
      ',',
      '"Message","Id","Version","RecordId","ProviderName","LogName","MachineName","TimeCreated","Properties"',
    ],
    [';', 'Message;Id;Version;RecordId;ProviderName;LogName;MachineName;TimeCreated;Properties'],
  ])('Get-WinEvent | Export-Csv with %j', (mark, head) => {
    const row = (message: string, id: number, provider = client) =>
      [
        `"${message.replaceAll('"', '""')}"`,
        `"${id}"`,
        '"1"',
        '"77"',
        `"${provider}"`,
        '"System"',
        '"PC-0042"',
        '"1/12/2024 9:14:22 AM"',
        '"System.Collections.Generic.List`1[System.Diagnostics.Eventing.Reader.EventProperty]"',
      ].join(mark);
    const { reports, account } = bySource(
      [
        '#TYPE System.Diagnostics.Eventing.Reader.EventLogRecord',
        head,
        row(failed, 20),
        row(store, 20),
        row(
          'Package KB5034763 was successfully changed\r\nto the Installed state.',
          2,
          'Microsoft-Windows-Servicing',
        ),
        row('The service entered the "stopped" state.', 7036, 'Service Control Manager'),
        row('x', 1).replace(client, ''),
      ].join('\r\n'),
    );
    expect(reports).toEqual([
      expect.objectContaining({
        ...told,
        deviceName: 'PC-0042',
        occurredAt: null,
        occurredAtText: '1/12/2024 9:14:22 AM',
      }),
      expect.objectContaining({ source: 'servicing', targetKb: 'KB5034763', outcome: 'unknown' }),
    ]);
    expect(account).toEqual(
      expect.objectContaining({
        format: 'event_table',
        records: 7,
        understood: 2,
        setAside: { blank: 1, routine: 1, store_app: 1, other_provider: 1 },
        notUnderstood: 1,
      }),
    );
  });

  it('Get-EventLog | Export-Csv has other names for the same', () => {
    const { reports, account } = bySource(
      [
        '"EventID","MachineName","Index","EntryType","Message","Source","InstanceId","TimeGenerated"',
        `"20","PC-0042","812","Error","${failed}","${client}","20","12.01.2024 09:14:22"`,
      ].join('\n'),
    );
    expect(reports).toEqual([expect.objectContaining({ ...told, occurredAtText: '12.01.2024 09:14:22' })]);
    expect(account.format).toBe('event_table');
  });

  it('Format-List, with the lines of a wrapped message, whatever properties were selected', () => {
    const { reports, account } = bySource(
      [
        '',
        'TimeCreated  : 1/12/2024 9:14:22 AM',
        `ProviderName : ${client}`,
        'Id           : 20',
        'Message      : Installation Failure: Windows failed to install the following update with error 0x80070643:',
        '               2024-01 Security Update (KB5034441).',
        '',
        '',
        'TimeCreated  : 1/12/2024 9:00:00 AM',
        'ProviderName : Microsoft-Windows-Kernel-General',
        'Id           : 16',
        'Message      : The access history in hive was cleared',
        '',
        'Message              : Package KB5034763 failed to be changed to the Installed state. Status: 0x800f0922.',
        'Id                   : 3',
        'RecordId             : 12',
        'ProviderName         : Microsoft-Windows-Servicing',
        'MachineName          : PC-0042',
        'TimeCreated          : 1/12/2024 9:14:23 AM',
        'KeywordsDisplayNames : {}',
        '',
      ].join('\r\n'),
    );
    expect(reports).toEqual([
      expect.objectContaining({ ...told, occurredAtText: '1/12/2024 9:14:22 AM' }),
      expect.objectContaining({
        source: 'servicing',
        targetKb: 'KB5034763',
        hresult: '0x800f0922',
        deviceName: 'PC-0042',
        occurredAtText: '1/12/2024 9:14:23 AM',
      }),
    ]);
    expect(account).toMatchObject({
      format: 'event_list',
      records: 4,
      understood: 2,
      setAside: { blank: 1, other_provider: 1 },
      notUnderstood: 0,
    });
  });

  it('the table of Get-WinEvent, whose messages are cut', () => {
    const { reports, account } = bySource(
      [
        `   ProviderName: ${client}`,
        '',
        'TimeCreated                     Id LevelDisplayName Message',
        '-----------                     -- ---------------- -------',
        `1/12/2024 9:14:22 AM            20 Error            ${failed}`,
        '1/12/2024 9:14:20 AM            43 Information      Installation Started: Windows has sta...',
      ].join('\n'),
    );
    expect(reports).toEqual([expect.objectContaining(told)]);
    expect(account).toMatchObject({ format: 'event_list', records: 6, notUnderstood: 0 });
  });

  it('ConvertTo-Json of PowerShell 5 and 7, and of Get-EventLog', () => {
    const event = {
      Id: 20,
      RecordId: 12001,
      ProviderName: client,
      LogName: 'System',
      MachineName: 'PC-0042',
      Properties: [
        { Value: '0x80070643' },
        { Value: '2024-01 Security Update (KB5034441)' },
        { Value: '7d2c1a3b-0000-4000-8000-1234567890ab' },
        { Value: 200 },
        { Value: '9482f4b4-e343-43b6-b170-9a65bc822c77' },
      ],
      Message: failed,
    };
    const exact = {
      ...told,
      updateId: '7d2c1a3b-0000-4000-8000-1234567890ab',
      updateRevision: 200,
      channel: 'wu',
      deviceName: 'PC-0042',
      occurredAt: '2024-01-12T01:14:22.123Z',
    };
    const { reports, account } = bySource(
      JSON.stringify(
        [
          { ...event, TimeCreated: '/Date(1705022062123)/' },
          { ...event, TimeCreated: { value: '/Date(1705022062123)/', DisplayHint: 2 } },
          { ...event, TimeCreated: '2024-01-12T09:14:22.1234567+08:00' },
          {
            EventID: 20,
            Index: 12001,
            Source: client,
            MachineName: 'PC-0042',
            TimeGenerated: '/Date(1705022062123)/',
            ReplacementStrings: event.Properties.map(({ Value }) => String(Value)),
            Message: failed,
          },
        ],
        null,
        2,
      ),
    );
    expect(reports).toEqual(Array.from({ length: 4 }, () => expect.objectContaining(exact)));
    expect(account).toMatchObject({ format: 'event_documents', records: 4, notUnderstood: 0 });
  });
});

describe('JSON that tools make of .evtx files', () => {
  const fields = {
    errorCode: '0x80070643',
    updateTitle: 'Update (KB5034441)',
    updateGuid: '7d2c1a3b-0000-4000-8000-1234567890ab',
    updateRevisionNumber: 200,
  };
  const provider = 'Microsoft-Windows-WindowsUpdateClient';

  it.each([
    [
      'evtx_dump',
      {
        Event: {
          '#attributes': { xmlns: 'http://schemas.microsoft.com/win/2004/08/events/event' },
          System: {
            Provider: { '#attributes': { Name: provider } },
            EventID: { '#attributes': { Qualifiers: 0 }, '#text': 20 },
            TimeCreated: { '#attributes': { SystemTime: '2024-01-12T01:14:22.123456Z' } },
            EventRecordID: 12001,
            Channel: 'System',
            Computer: 'PC-0042',
          },
          EventData: fields,
        },
      },
    ],
    [
      'EvtxECmd',
      {
        Computer: 'PC-0042',
        Payload: JSON.stringify({
          EventData: {
            Data: Object.entries(fields).map(([name, value]) => ({ '@Name': name, '#text': String(value) })),
          },
        }),
        Channel: 'System',
        Provider: provider,
        EventId: 20,
        EventRecordId: '12001',
        TimeCreated: '2024-01-12T01:14:22.1234567+00:00',
      },
    ],
  ])('%s', (_, document) => {
    const { reports } = readAll(Buffer.from(JSON.stringify(document)));
    expect(reports).toEqual([
      {
        recordId: 12001,
        report: expect.objectContaining({
          targetKb: 'KB5034441',
          hresult: '0x80070643',
          updateRevision: 200,
          deviceName: 'PC-0042',
          occurredAt: '2024-01-12T01:14:22.123Z',
        }) as unknown,
      },
    ]);
  });
});

describe('events copied out of the Event Viewer', () => {
  const message = '0x80070643: 2024-01 Update (KB5034441).';
  const order = (labels: string, date: string) => {
    const values = [
      'System',
      'Microsoft-Windows-WindowsUpdateClient',
      date,
      '20',
      'x',
      'x',
      '',
      'SYSTEM',
      'PC-0042',
      '',
    ];
    return labels
      .split('|')
      .map((label, at) => `${label}${values[at] === '' ? '' : `      ${values[at] ?? ''}`}`)
      .join('\r\n');
  };

  it.each([
    [
      'German',
      'Protokollname:|Quelle:|Datum:|Ereignis-ID:|Aufgabenkategorie:|Ebene:|Schlüsselwörter:|Benutzer:|Computer:|Beschreibung:',
      '12.01.2024 09:14:22',
      `Installationsfehler: Die Installation des folgenden Updates ist mit Fehler ${message.replace(':', ' fehlgeschlagen:')}`,
    ],
    [
      'French',
      'Nom du journal :|Source :|Date :|ID de l’événement :|Catégorie de la tâche :|Niveau :|Mots clés :|Utilisateur :|Ordinateur :|Description :',
      '12/01/2024 09:14:22',
      `Échec de l’installation : Windows n’a pas pu installer la mise à jour suivante avec l’erreur ${message}`,
    ],
    [
      'Japanese',
      'ログの名前:|ソース:|日付:|イベント ID:|タスクのカテゴリ:|レベル:|キーワード:|ユーザー:|コンピューター:|説明:',
      '2024/01/12 9:14:22',
      `インストールの失敗: 次の更新プログラムのインストールに失敗しました。エラー ${message}`,
    ],
    [
      'Russian',
      'Имя журнала:|Источник:|Дата:|Код события:|Категория задачи:|Уровень:|Ключевые слова:|Пользователь:|Компьютер:|Описание:',
      '12.01.2024 9:14:22',
      `Ошибка установки: не удается установить следующее обновление из-за ошибки ${message}`,
    ],
  ])('in %s: the labels are known by their order', (_, labels, date, text) => {
    const { reports, account } = readAll(Buffer.from(`${order(labels, date)}\r\n${text}\r\n`));
    expect(reports.map(({ report }) => report)).toEqual([
      expect.objectContaining({
        outcome: 'failed',
        hresult: '0x80070643',
        targetKb: 'KB5034441',
        updateTitle: '2024-01 Update (KB5034441)',
        deviceName: 'PC-0042',
        occurredAtText: date,
      }),
    ]);
    expect(account).toMatchObject({ format: 'event_viewer_text', records: 1, notUnderstood: 0 });
  });

  it('the XML below the text tells it exactly', () => {
    const xml = `<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System><Provider Name="Microsoft-Windows-WindowsUpdateClient" /><EventID>20</EventID><TimeCreated SystemTime="2024-01-12T01:14:22.1234567Z" /><EventRecordID>12001</EventRecordID><Channel>System</Channel><Computer>PC-0042</Computer></System><EventData><Data Name="errorCode">0x80070643</Data><Data Name="updateTitle">Update (KB5034441)</Data><Data Name="updateGuid">{7d2c1a3b-0000-4000-8000-1234567890ab}</Data></EventData></Event>`;
    const labels =
      'Log Name:|Source:|Date:|Event ID:|Task Category:|Level:|Keywords:|User:|Computer:|Description:';
    const text = [order(labels, '1/12/2024 9:14:22 AM'), 'Installation Failure', 'Event Xml:', xml, ''].join(
      '\r\n',
    );
    const [found] = readAll(Buffer.from(text)).reports;
    expect(found?.report).toMatchObject({
      occurredAt: '2024-01-12T01:14:22.123Z',
      updateId: '7d2c1a3b-0000-4000-8000-1234567890ab',
      naturalKey: { kind: 'event_log', recordId: 12001 },
    });
  });

  it('saved rows begin with a level in any language', () => {
    const text = [
      'Ebene\tDatum und Uhrzeit\tQuelle\tEreignis-ID\tAufgabenkategorie',
      `Fehler\t12.01.2024 09:14:22\tMicrosoft-Windows-WindowsUpdateClient\t20\tWindows Update-Agent\tInstallationsfehler: Fehler ${message}`,
    ].join('\r\n');
    const { reports, account } = readAll(Buffer.from(text));
    expect(reports.map(({ report }) => [report.targetKb, report.hresult])).toEqual([
      ['KB5034441', '0x80070643'],
    ]);
    expect(account).toMatchObject({
      format: 'event_viewer_text',
      notUnderstood: 0,
      setAside: { routine: 1 },
    });
  });
});
