import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Pinned: 4.4.0 was published without an artifact that it needs. */
const KAFKA = '4.3.1';
/** The log4j that this Kafka brings, and its binding for slf4j 1.7. */
const LOG4J = '2.25.4';
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';

const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'rollcall');
const jars = join(cache, `kafka-${KAFKA}`);

/** What Kafka needs to run here is there, or Maven to fetch it. */
export const canRunKafka = (): boolean =>
  runs('java', '-version') && (existsSync(jars) || runs('mvn', '-version'));

const runs = (command: string, argument: string): boolean => spawnSync(command, [argument]).status === 0;

let fetching: Promise<string> | null = null;

/** The class path of a Kafka broker; fetched from Maven Central once and kept. @throws Error with Maven's words */
export function kafkaClassPath(): Promise<string> {
  fetching ??= fetchJars();
  return fetching;
}

async function fetchJars(): Promise<string> {
  if (!existsSync(jars)) {
    mkdirSync(cache, { recursive: true });
    // Several test processes may come here at once: each fetches for itself, and the first whole folder stays.
    const draft = mkdtempSync(join(cache, 'kafka-draft-'));
    const target = join(draft, 'jars');
    writeFileSync(join(draft, 'pom.xml'), POM);
    const goal = [COPY, '-DincludeScope=runtime', `-DoutputDirectory=${target}`];
    await promisify(execFile)('mvn', ['-B', '-ntp', '-q', '-f', join(draft, 'pom.xml'), ...goal], {
      timeout: 600_000,
    });
    try {
      renameSync(target, jars);
    } catch (error) {
      if (!existsSync(jars)) throw error;
    }
    rmSync(draft, { recursive: true, force: true });
  }
  return readdirSync(jars)
    .filter((name) => name.endsWith('.jar'))
    .map((name) => join(jars, name))
    .join(':');
}

const dependency = (group: string, artifact: string, version: string): string =>
  `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>rollcall.test</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    ${dependency('org.apache.kafka', 'kafka_2.13', KAFKA)}
    ${dependency('org.apache.logging.log4j', 'log4j-slf4j-impl', LOG4J)}
  </dependencies>
</project>
`;
