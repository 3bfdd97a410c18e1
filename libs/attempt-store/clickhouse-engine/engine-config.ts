export interface ConfigOptions {
  readonly usersFile: string;
  /** Bytes that ClickHouse may take in all, caches and merges included. */
  readonly serverMemoryBytes: number;
  readonly cluster?: EngineCluster | undefined;
  /** Of user `writer`, by which shards ask each other. */
  readonly clusterPassword?: string;
}

/** Several engines on this machine as the shards of one cluster: for tests of what a real cluster does. */
export interface EngineCluster {
  readonly name: string;
  /** Port of each shard's native protocol, on loopback, unshielded (the proxy speaks HTTP only). */
  readonly nativePorts: readonly number[];
  /** Which of them is this engine. */
  readonly own: number;
}

/** Caches are small: the working set of one machine's questions fits, and the whole product must stay under 2 GiB. */
const CACHE_BYTES = {
  mark_cache_size: 64 * 2 ** 20,
  primary_index_cache_size: 64 * 2 ** 20,
  index_mark_cache_size: 32 * 2 ** 20,
  compiled_expression_cache_size: 16 * 2 ** 20,
  mmap_cache_size: 64,
};

/**
 * Every acknowledged insert lies on the disk, and so does every merge, before its sources are removed: this build
 * removes merged parts at once (`old_parts_lifetime` = 0), so an unsynced merge would be the only copy.
 */
const DURABILITY = {
  fsync_after_insert: 1,
  fsync_part_directory: 1,
  min_rows_to_fsync_after_merge: 1,
  min_compressed_bytes_to_fsync_after_merge: 1,
};

/**
 * A part below this size is one file instead of one a column (and an fsync for each: 176 of `reports`). A merge waits for
 * more parts of its size than ClickHouse's 5, so that a row is rewritten half as often while reports pour in.
 */
const PARTS = {
  min_bytes_for_wide_part: 64 * 2 ** 20,
  merge_selector_base: 10,
};

/** Text of `config.xml`. There is no logger section: errors reach whoever asked, and nothing is logged to the disk. */
export function renderConfigXml(options: ConfigOptions): string {
  const elements = (values: Readonly<Record<string, number>>) =>
    Object.entries(values)
      .map(([name, value]) => `<${name}>${value}</${name}>`)
      .join('\n  ');
  return `<clickhouse>
  <users_config>${escapeXml(options.usersFile)}</users_config>
  <max_server_memory_usage>${options.serverMemoryBytes}</max_server_memory_usage>
  ${elements(CACHE_BYTES)}
  <max_concurrent_queries>100</max_concurrent_queries>
  <max_connections>1024</max_connections>
  <keep_alive_timeout>30</keep_alive_timeout>
  <asynchronous_metrics_update_period_s>30</asynchronous_metrics_update_period_s>
  <access_control_improvements>
    <settings_constraints_replace_previous>true</settings_constraints_replace_previous>
  </access_control_improvements>
  <merge_tree>
  ${elements({ ...DURABILITY, ...PARTS })}
  </merge_tree>
  <http_handlers>
    <rule><url>/ping</url><methods>GET,HEAD</methods><handler><type>ping</type></handler></rule>
    <rule><url>/replicas_status</url><methods>GET,HEAD</methods><handler><type>replicas_status</type></handler></rule>
    <rule><url>regex:^/(\\?.*)?$</url><handler><type>dynamic_query_handler</type><query_param_name>query</query_param_name></handler></rule>
  </http_handlers>
${options.cluster ? renderShards(options.cluster, options.clusterPassword ?? '') : ''}</clickhouse>
`;
}

function renderShards({ name, nativePorts }: EngineCluster, password: string): string {
  const shards = nativePorts.map(
    (port) =>
      `<shard><replica><host>127.0.0.1</host><port>${port}</port><user>writer</user><password>${escapeXml(password)}</password></replica></shard>`,
  );
  return `  <remote_servers><${name}>${shards.join('')}</${name}></remote_servers>\n`;
}

const escapeXml = (text: string): string =>
  text.replace(/[<>&]/g, (character) => `&#${character.charCodeAt(0)};`);
