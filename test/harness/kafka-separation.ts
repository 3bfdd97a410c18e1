import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A broker can be given a network and a disk of its own: needs root and iproute2, and a kernel that lets us. */
export const canSeparate = (): boolean =>
  spawnSync('unshare', ['--net', '--mount', 'ip', 'link', 'add', 'probe0', 'type', 'veth']).status === 0;

let namespaces = 0;

/** A network namespace, joined to that of the tests by one cable. Whoever works inside is another host. */
export class KafkaNetwork {
  private readonly name = `rollcall${process.pid}-${namespaces}`;
  private readonly outside = `rc${process.pid}o${namespaces}`;
  private readonly inside = `rc${process.pid}i${namespaces++}`;
  // Addresses that nobody has: RFC 2544 keeps them for tests.
  private readonly net = `198.18.${process.pid % 256}.${4 * (namespaces % 64)}`;
  /** Of the host inside. */
  readonly address = this.host(2);

  private constructor() {}

  static lay(): KafkaNetwork {
    const network = new KafkaNetwork();
    const { name, outside, inside } = network;
    ip('netns', 'add', name);
    ip('link', 'add', outside, 'type', 'veth', 'peer', 'name', inside, 'netns', name);
    ip('address', 'add', `${network.host(1)}/30`, 'dev', outside);
    ip('link', 'set', outside, 'up');
    ip('-n', name, 'address', 'add', `${network.address}/30`, 'dev', inside);
    ip('-n', name, 'link', 'set', inside, 'up');
    ip('-n', name, 'link', 'set', 'lo', 'up');
    return network;
  }

  /** The words before a command that runs it inside. */
  get command(): readonly string[] {
    return ['nsenter', `--net=/run/netns/${this.name}`];
  }

  /** From now on every packet, of either side, is lost without a word: nothing is refused, nobody is reset. */
  cut(): void {
    const nobody = ['lladdr', '02:00:00:00:00:99', 'nud', 'permanent'];
    ip('neighbour', 'replace', this.address, ...nobody, 'dev', this.outside);
    ip('-n', this.name, 'neighbour', 'replace', this.host(1), ...nobody, 'dev', this.inside);
  }

  mend(): void {
    ip('neighbour', 'delete', this.address, 'dev', this.outside);
    ip('-n', this.name, 'neighbour', 'delete', this.host(1), 'dev', this.inside);
  }

  remove(): void {
    spawnSync('ip', ['link', 'delete', this.outside]);
    spawnSync('ip', ['netns', 'delete', this.name]);
  }

  private host(number: number): string {
    const cut = this.net.lastIndexOf('.') + 1;
    return `${this.net.slice(0, cut)}${Number(this.net.slice(cut)) + number}`;
  }
}

/** A file system of so many bytes, which can be filled up. */
export class KafkaDisk {
  readonly path = mkdtempSync(join(tmpdir(), 'rollcall-kafka-disk-'));

  private constructor() {}

  static mount(bytes: number): KafkaDisk {
    const disk = new KafkaDisk();
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'rollcall', disk.path]);
    return disk;
  }

  /** Somebody else takes what is left, but for a little. */
  fill(leftBytes: number): void {
    const sizes = execFileSync('df', ['--output=avail', '-B1', this.path]).toString().split('\n');
    writeFileSync(this.ballast, Buffer.alloc(Math.max(0, Number(sizes[1]) - leftBytes)));
  }

  free(): void {
    rmSync(this.ballast, { force: true });
  }

  remove(): void {
    spawnSync('umount', ['--lazy', this.path]);
    rmSync(this.path, { recursive: true, force: true });
  }

  private get ballast(): string {
    return join(this.path, 'ballast');
  }
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: 'pipe' });
}
