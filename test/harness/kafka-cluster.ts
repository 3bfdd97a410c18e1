import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '#runtime/free-port.js';
import { connect as connectTls } from 'node:tls';
import { eventually } from './eventually.js';
import { kafkaClassPath } from './kafka-jars.js';
import { KafkaDisk, KafkaNetwork } from './kafka-separation.js';

export interface KafkaClusterOptions {
  readonly brokers?: 1 | 3;
  /** Properties of every broker, over those of the harness. */
  readonly properties?: Readonly<Record<string, string>>;
  /** How clients and brokers speak to brokers. */
  readonly protocol?: 'PLAINTEXT' | 'SASL_SSL' | 'SASL_PLAINTEXT';
  /** For figures: code is compiled for speed, which costs a start three CPU seconds more. */
  readonly isForSpeed?: boolean;
  /** A single broker in a network namespace of its own, on a disk of so many bytes: see `canSeparate`. */
  readonly separate?: { readonly diskBytes: number };
  /** Further arguments of the command that formats the storage, as `--add-scram`. */
  readonly format?: readonly string[];
}

const READY_WITHIN_MS = 120_000;

/** A real Kafka: one or three brokers of its own, on free ports and a temporary folder. */
export class KafkaCluster {
  private readonly processes = new Map<number, ChildProcess>();

  private constructor(
    private readonly folder: string,
    private readonly classPath: string,
    private readonly ports: readonly number[],
    private readonly protocol: string,
    private readonly isForSpeed: boolean,
    /** Of a broker that is separate. */
    readonly network: KafkaNetwork | null,
    readonly disk: KafkaDisk | null,
  ) {}

  static async start(options: KafkaClusterOptions = {}): Promise<KafkaCluster> {
    const count = options.brokers ?? 1;
    const folder = mkdtempSync(join(tmpdir(), 'rollcall-kafka-'));
    const protocol = options.protocol ?? 'PLAINTEXT';
    // Two ports a broker: for clients, and for the quorum of controllers.
    const ports = await freePorts(2 * count);
    const { separate } = options;
    const cluster = new KafkaCluster(
      folder,
      await kafkaClassPath(),
      ports,
      protocol,
      options.isForSpeed ?? false,
      separate ? KafkaNetwork.lay() : null,
      separate ? KafkaDisk.mount(separate.diskBytes) : null,
    );
    const id = clusterId();
    try {
      await Promise.all(cluster.ids.map((broker) => cluster.format(broker, id, options)));
      for (const broker of cluster.ids) cluster.launch(broker);
      await Promise.all(cluster.ids.map((broker) => cluster.ready(broker)));
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** Numbers of the brokers, from 1. */
  get ids(): readonly number[] {
    return Array.from({ length: this.ports.length / 2 }, (_, index) => index + 1);
  }

  /** `host:port` of every broker. */
  get brokers(): readonly string[] {
    return this.ids.map((broker) => `${this.host}:${this.port(broker)}`);
  }

  /** For ROLLCALL_LOG. */
  get address(): string {
    return `kafka:${this.brokers.join(',')}`;
  }

  pid(broker: number): number {
    const pid = this.processes.get(broker)?.pid;
    if (pid === undefined) throw new Error(`broker ${broker} does not run`);
    return pid;
  }

  /** False from the moment at which its process has ended. */
  runs(broker: number): boolean {
    return this.processes.has(broker);
  }

  /** SIGKILL; resolves when the process is gone. */
  kill(broker: number): Promise<void> {
    return this.end(broker, 'SIGKILL');
  }

  /** It keeps its connections and answers nothing until `resume`. */
  suspend(broker: number): void {
    process.kill(this.pid(broker), 'SIGSTOP');
  }

  resume(broker: number): void {
    process.kill(this.pid(broker), 'SIGCONT');
  }

  /** What the messages of a topic take on the first broker's disk. */
  bytesOf(topic: string): number {
    const data = this.dataOf(1);
    return readdirSync(data)
      .filter((name) => name.replace(/-\d+$/, '') === topic)
      .flatMap((partition) => readdirSync(join(data, partition)).map((file) => join(data, partition, file)))
      .filter((file) => file.endsWith('.log'))
      .reduce((sum, file) => sum + statSync(file).size, 0);
  }

  /** Starts a broker that has ended, on its old data; resolves when it answers. */
  async restart(broker: number): Promise<void> {
    this.launch(broker);
    await this.ready(broker);
  }

  /** Ends all brokers and removes their data. */
  async stop(): Promise<void> {
    await Promise.all([...this.processes.keys()].map((broker) => this.kill(broker)));
    rmSync(this.folder, { recursive: true, force: true });
    this.network?.remove();
    this.disk?.remove();
  }

  private get host(): string {
    return this.network?.address ?? '127.0.0.1';
  }

  private dataOf(broker: number): string {
    return join(this.disk?.path ?? this.folderOf(broker), 'data');
  }

  private port(broker: number): number {
    return this.ports[2 * (broker - 1)] ?? 0;
  }

  private async end(broker: number, signal: NodeJS.Signals): Promise<void> {
    const child = this.processes.get(broker);
    if (!child) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  private async format(broker: number, id: string, options: KafkaClusterOptions): Promise<void> {
    const folder = this.folderOf(broker);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'log4j2.properties'), LOGGING);
    const properties = { ...this.properties(broker), ...options.properties };
    const lines = Object.entries(properties).map(([name, value]) => `${name}=${value}\n`);
    writeFileSync(join(folder, 'server.properties'), lines.join(''));
    const tool = ['kafka.tools.StorageTool', 'format', '-t', id, '-c', join(folder, 'server.properties')];
    await promisify(execFile)('java', [
      ...this.javaArguments(broker, '128m'),
      ...tool,
      ...(options.format ?? []),
    ]);
  }

  private launch(broker: number): void {
    const output = openSync(join(this.folderOf(broker), 'output.log'), 'a');
    const heap = this.ids.length === 1 ? '512m' : '384m';
    const properties = join(this.folderOf(broker), 'server.properties');
    const java = ['java', ...this.javaArguments(broker, heap), 'kafka.Kafka', properties];
    const [program = '', ...args] = [...(this.network?.command ?? []), ...java];
    const child = spawn(program, args, { stdio: ['ignore', output, output] });
    closeSync(output);
    this.processes.set(broker, child);
    child.once('exit', () => {
      if (this.processes.get(broker) === child) this.processes.delete(broker);
    });
  }

  private async ready(broker: number): Promise<void> {
    const ask = async (): Promise<true | null> => ((await this.answers(broker)) ? true : null);
    const answered = await eventually(
      `Kafka broker ${broker}`,
      async () => (this.runs(broker) ? ask() : false),
      READY_WITHIN_MS,
    );
    if (answered) return;
    const said = ['output.log', 'server.log'].map((name) => {
      const path = join(this.folderOf(broker), name);
      return existsSync(path) ? readFileSync(path, 'utf8').slice(-3_000) : '';
    });
    throw new Error(`Kafka broker ${broker} ended:\n${said.join('\n')}`);
  }

  /** ApiVersions, the first thing every client asks, is answered without an error. */
  private answers(broker: number): Promise<boolean> {
    return new Promise((resolve) => {
      const target = { port: this.port(broker), host: this.host };
      const isTls = this.protocol.endsWith('SSL');
      const socket = isTls ? connectTls({ ...target, rejectUnauthorized: false }) : connect(target);
      const end = (answer: boolean): void => {
        socket.destroy();
        resolve(answer);
      };
      socket.setTimeout(2_000, () => {
        end(false);
      });
      socket.once('error', () => {
        end(false);
      });
      socket.once(isTls ? 'secureConnect' : 'connect', () => {
        // length 10 · api key 18 · version 0 · correlation id 1 · no client id
        socket.write(Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff]));
      });
      socket.once('data', (answer: Buffer) => {
        end(answer.length >= 10 && answer.readInt16BE(8) === 0);
      });
    });
  }

  private javaArguments(broker: number, heap: string): string[] {
    const folder = this.folderOf(broker);
    return [
      `-Xmx${heap}`,
      '-XX:+UseSerialGC',
      ...(this.isForSpeed ? [] : ['-XX:TieredStopAtLevel=1']),
      '-Djava.net.preferIPv4Stack=true',
      `-Dkafka.logs.dir=${folder}`,
      `-Dlog4j2.configurationFile=${join(folder, 'log4j2.properties')}`,
      '-cp',
      this.classPath,
    ];
  }

  private properties(broker: number): Record<string, string> {
    const listener = `${this.protocol}://${this.host}:${this.port(broker)}`;
    const controller = (one: number) => `127.0.0.1:${this.ports[2 * (one - 1) + 1] ?? 0}`;
    const copies = String(this.ids.length);
    const least = String(Math.max(1, this.ids.length - 1));
    return {
      'process.roles': 'broker,controller',
      'node.id': String(broker),
      'controller.quorum.voters': this.ids.map((one) => `${one}@${controller(one)}`).join(','),
      listeners: `${listener},CONTROLLER://${controller(broker)}`,
      'advertised.listeners': listener,
      'listener.security.protocol.map': `CONTROLLER:PLAINTEXT,${this.protocol}:${this.protocol}`,
      'inter.broker.listener.name': this.protocol,
      'controller.listener.names': 'CONTROLLER',
      'log.dirs': this.dataOf(broker),
      'auto.create.topics.enable': 'false',
      'offsets.topic.num.partitions': '4',
      'offsets.topic.replication.factor': copies,
      'transaction.state.log.replication.factor': copies,
      'transaction.state.log.min.isr': least,
      'share.coordinator.state.topic.replication.factor': copies,
      'share.coordinator.state.topic.min.isr': least,
      'min.insync.replicas': least,
      'group.initial.rebalance.delay.ms': '0',
      // A broker that was killed may come back only when its old session is over: 9 s by default.
      'broker.session.timeout.ms': '3000',
      'broker.heartbeat.interval.ms': '500',
      'num.network.threads': '2',
      'num.io.threads': '4',
      'num.recovery.threads.per.data.dir': '2',
      'background.threads': '2',
      'log.cleaner.dedupe.buffer.size': '4194304',
      'log.segment.bytes': '134217728',
      'log.index.size.max.bytes': '1048576',
    };
  }

  private folderOf(broker: number): string {
    return join(this.folder, `broker-${broker}`);
  }
}

/** 16 random bytes as Kafka writes them; a leading hyphen would be taken for an option. */
function clusterId(): string {
  const id = randomBytes(16).toString('base64url');
  return id.startsWith('-') ? clusterId() : id;
}

async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}

const LOGGING = `status = error
appender.file.type = File
appender.file.name = file
appender.file.fileName = \${sys:kafka.logs.dir}/server.log
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = [%d] %p %m (%c)%n
rootLogger.level = info
rootLogger.appenderRef.file.ref = file
`;
