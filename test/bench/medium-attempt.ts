/** A failed attempt of about 650 bytes as a sender posts it: the row that every figure of the benchmarks is about. */
export function mediumAttempt(n: number): object {
  const device = n % 20_000;
  const minutes = n % 40_000;
  return {
    deviceName: `PC-${String(device).padStart(6, '0')}`,
    source: 'servicing',
    naturalKey: {
      kind: 'event_log',
      channel: 'Setup',
      recordId: n,
      timeCreated: new Date(Date.UTC(2024, 8, 10) + minutes * 60_000).toISOString(),
    },
    operation: 'install',
    targetKb: `KB50${String(41_500 + (n % 40)).padStart(5, '0')}`,
    updateId: `1f2e3d4c-0000-4000-8000-${String(n % 40).padStart(12, '0')}`,
    updateRevision: 200,
    occurredAt: new Date(Date.UTC(2024, 8, 10) + minutes * 60_000).toISOString(),
    timeSource: 'utc',
    outcome: n % 8 === 0 ? 'failed' : 'succeeded',
    rollback: 'none',
    ...(n % 8 === 0 ? { hresult: '0x800f0922', failureSource: 'CBS' } : {}),
    osBuild: `19045.${4_000 + (n % 60)}`,
    channel: 'wsus',
    branch: `branch-${device % 200}`,
    model: 'Vendor Desktop 7090',
    parser: { name: 'setup-events', version: '1.0.0' },
    deliveryMode: 'live',
    updateTitle: `2024-09 Cumulative Update for Windows 10 Version 22H2 (${n % 40})`,
    tags: { ring: `r${n % 4}`, site: `s${device % 50}` },
  };
}
