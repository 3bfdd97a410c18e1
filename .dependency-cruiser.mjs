/** The layout's rules, executed in `npm test`. ARCHITECTURE.md says in words who may import whom. */
const tests = '\\.(spec|contract)\\.ts$'; // tests may use test tools; the shipped code may not
const adapters = '^libs/(event-log|attempt-store)/(lmdb|kafka|clickhouse|clickhouse-engine)/';
const forbid = (name, from, to, comment = '') => ({ name, severity: 'error', comment, from, to });

export default {
  forbidden: [
    forbid('no-circular', {}, { circular: true }),
    forbid(
      'domain-is-pure',
      { path: '^libs/domain/', pathNot: tests },
      {
        pathNot: [
          '^libs/domain/',
          'node_modules/(zod|canonicalize|@stdlib|xxhash-wasm)/',
          '^(node:)?(crypto|buffer)$',
        ],
      },
    ),
    forbid(
      'sources-only-parse',
      { path: '^libs/sources/', pathNot: tests },
      {
        pathNot: [
          '^libs/(sources|domain)/',
          'node_modules/(zod|saxes|winevtx)/',
          '^(node:)?(crypto|buffer|string_decoder)$',
        ],
      },
    ),
    forbid('libs-know-no-app', { path: '^libs/', pathNot: tests }, { path: '^(apps|dashboards|test)/' }),
    forbid('runtime-knows-only-domain', { path: '^libs/runtime/' }, { path: '^libs/(?!runtime/|domain/)' }),
    forbid(
      'ports-do-not-know-each-other',
      { path: '^libs/(event-log|attempt-store|notify)/', pathNot: tests },
      { path: '^libs/(event-log|attempt-store|notify)/', pathNot: '^libs/$1/' },
    ),
    forbid(
      'ports-do-not-know-adapters',
      { path: '^libs/(event-log|attempt-store)/[^/]+\\.ts$', pathNot: tests },
      { path: adapters },
    ),
    forbid(
      'apps-meet-only-through-libs',
      { path: '^apps/([^/]+)/' },
      { path: '^apps/', pathNot: '^apps/$1/' },
    ),
    forbid(
      'only-modules-choose-adapters',
      { path: '^apps/', pathNot: '\\.(module|spec)\\.ts$' },
      { path: adapters },
    ),
    forbid(
      'kafka-client-behind-its-port',
      { pathNot: '^libs/event-log/kafka/' },
      { path: 'node_modules/kafkajs' },
    ),
    forbid('lmdb-behind-its-port', { pathNot: '^libs/event-log/lmdb/' }, { path: 'node_modules/lmdb' }),
    forbid(
      'clickhouse-client-behind-its-port',
      {
        pathNot:
          '^(libs/attempt-store/clickhouse/|libs/attempt-store/clickhouse-engine/.*\\.spec\\.ts$|test/)',
      },
      { path: 'node_modules/@clickhouse' },
    ),
    forbid(
      'engine-behind-its-folder',
      { pathNot: '^libs/attempt-store/clickhouse-engine/' },
      { path: 'node_modules/(chdb|@chdb)' },
    ),
    forbid(
      'foreign-functions-behind-their-folders',
      { pathNot: '^libs/(attempt-store/clickhouse-engine|event-log/lmdb)/' },
      { path: 'node_modules/ffi-rs' },
    ),
    forbid('cqrs-only-in-apps', { pathNot: '^(apps|test)/' }, { path: 'node_modules/@nestjs/cqrs' }),
    forbid(
      'nest-only-at-the-rim',
      { path: '^(libs/(domain|sources|event-log|attempt-store|notify)|dashboards)/' },
      { path: 'node_modules/@nestjs' },
    ),
    forbid(
      'dashboards-read-names-only',
      { path: '^dashboards/', pathNot: tests },
      { path: '^(apps|test)/|^libs/(?!domain/|runtime/metrics|attempt-store/clickhouse/tables)' },
    ),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|coverage)/' },
    enhancedResolveOptions: {
      conditionNames: ['source', 'import', 'node', 'default'],
      exportsFields: ['exports'],
    },
  },
};
