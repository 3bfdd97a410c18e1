type Settings = Readonly<Record<string, string | number>>;
type Bound = { readonly min?: number; readonly max?: number; readonly changeable?: boolean } | 'const';
/** Bounds that a user who may change settings cannot leave. */
type Constraints = Readonly<Record<string, Bound>>;

/** Settings for everybody; `clickhouse local` starts with other values than a server. */
const COMMON_SETTINGS: Settings = {
  implicit_select: 0,
  async_insert: 0,
  // A deduplication record is written before the part: after a kill in between, the retry would be swallowed.
  insert_deduplicate: 0,
  storage_file_read_method: 'pread',
  allow_introspection_functions: 0,
  cancel_http_readonly_queries_on_client_close: 1,
  default_normal_view_sql_security: 'INVOKER',
  log_queries: 0,
  // Else a query is given a thread for each free gigabyte of its own: one thread, with the memory that profiles allow.
  max_threads_min_free_memory_per_thread: 0,
  // Groups and sorts go to disk at a quarter of what the query may take. At the default half they fail: what is moved is
  // held twice meanwhile.
  max_bytes_ratio_before_external_group_by: 0.25,
  max_bytes_ratio_before_external_sort: 0.25,
};

/**
 * What a reader of a bank may set. Nothing that changes the plan of a query: `additional_table_filters` and the old
 * analyzer let a condition of his own see rows before the row filter does (measured), and tell by an error.
 */
const BANK_MAY_SET = [
  'date_time_output_format',
  'enable_http_compression',
  'http_headers_progress_interval_ms',
  'join_use_nulls',
  'max_block_size',
  'max_result_rows',
  'output_format_json_quote_64bit_integers',
  'result_overflow_mode',
  'send_progress_in_http_headers',
  'session_timezone',
];

/**
 * The `<profiles>` of users.xml.
 * @param serverMemoryBytes what all queries together may take; profiles get shares of it
 */
export function renderProfiles(serverMemoryBytes: number): string {
  const share = (part: number) => Math.floor(serverMemoryBytes * part);
  return [
    renderProfile('default', {}, {}),
    renderProfile(
      'writer',
      { max_memory_usage: share(0.7), max_execution_time: 600, distributed_foreground_insert: 1 },
      {},
    ),
    renderReader('reader', { memoryBytes: share(0.4), seconds: 30, longestSeconds: 300, queries: 32 }),
    renderReader('grafana', {
      memoryBytes: share(0.3),
      seconds: 30,
      longestSeconds: 60,
      queries: 16,
      resultRows: 1_000_000,
    }),
    renderReader('bank', {
      memoryBytes: share(0.3),
      seconds: 30,
      longestSeconds: 60,
      queries: 16,
      resultRows: 1_000_000,
      maySet: BANK_MAY_SET,
    }),
  ].join('\n');
}

interface ReaderLimits {
  readonly memoryBytes: number;
  readonly seconds: number;
  /** What a client may raise it to. */
  readonly longestSeconds: number;
  /** At the same time. */
  readonly queries: number;
  readonly resultRows?: number;
  /** Only these; default: every setting within the constraints. */
  readonly maySet?: readonly string[];
}

function renderReader(name: string, limits: ReaderLimits): string {
  const { memoryBytes, seconds, longestSeconds, queries, resultRows, maySet } = limits;
  const changeable = maySet !== undefined;
  const settings = {
    // 1: nothing may be set but what is marked as changeable; 2: everything within the constraints.
    readonly: changeable ? 1 : 2,
    max_memory_usage: memoryBytes,
    max_execution_time: seconds,
    max_concurrent_queries_for_user: queries,
    ...(resultRows === undefined ? {} : { max_result_rows: resultRows, result_overflow_mode: 'throw' }),
  };
  return renderProfile(name, settings, {
    ...Object.fromEntries((maySet ?? []).map((setting) => [setting, { changeable }])),
    max_memory_usage: { min: 1, max: memoryBytes, changeable },
    max_execution_time: { min: 1, max: longestSeconds, changeable }, // 0 would mean "no limit"
    max_concurrent_queries_for_user: 'const',
    cancel_http_readonly_queries_on_client_close: 'const',
    ...(resultRows === undefined ? {} : { max_result_rows: { min: 1, max: resultRows, changeable } }),
  });
}

function renderProfile(name: string, settings: Settings, constraints: Constraints): string {
  const values = Object.entries({ ...COMMON_SETTINGS, ...settings }).map(
    ([setting, value]) => `<${setting}>${value}</${setting}>`,
  );
  const bounds = Object.entries(constraints).map(
    ([setting, bound]) => `<${setting}>${renderBound(bound)}</${setting}>`,
  );
  return `<${name}>${values.join('')}<constraints>${bounds.join('')}</constraints></${name}>`;
}

function renderBound(bound: Bound): string {
  if (bound === 'const') return '<const/>';
  const min = bound.min === undefined ? '' : `<min>${bound.min}</min>`;
  const max = bound.max === undefined ? '' : `<max>${bound.max}</max>`;
  return `${min}${max}${bound.changeable === true ? '<changeable_in_readonly/>' : ''}`;
}
