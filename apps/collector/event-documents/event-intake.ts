import { Inject, Injectable } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { FastifyRequest } from 'fastify';
import type { AttemptReport } from '#domain/attempt-event.js';
import { Credentials } from '../admission/credentials.js';
import type { Sender } from '../admission/credentials.js';
import { Intake } from '../admission/intake.js';
import { decompress } from '../body/decompress.js';
import { readBody } from '../body/read-body.js';
import { COLLECTOR_CONFIG } from '../collector.config.js';
import type { CollectorConfig } from '../collector.config.js';
import { ReportAttempts } from '../report-attempts/report-attempts.js';
import type { ReportAnswer } from '../report-attempts/report-answer.js';
import { bearerOf } from './bearer-of.js';

/** What one record of a request became. */
export type RecordReading =
  | { readonly kind: 'report'; readonly report: AttemptReport }
  /** Understood, and nothing that Rollcall watches. */
  | { readonly kind: 'aside' }
  | { readonly kind: 'refused'; readonly why: string };

/** What became of one record: null = taken or of no concern; else why it was not. */
export type RecordFate = string | null;

/**
 * The way of event documents of any protocol: read as `POST /v1/attempts` reads, then its one use case takes the reports.
 * When it resolves, the log holds them on disk.
 */
@Injectable()
export class EventIntake {
  constructor(
    private readonly commands: CommandBus,
    private readonly credentials: Credentials,
    private readonly intake: Intake,
    @Inject(COLLECTOR_CONFIG) private readonly config: CollectorConfig,
  ) {}

  /** @throws Problem 401 or 403 as for every call */
  async senderOf(request: FastifyRequest): Promise<Sender> {
    const { bank } = request.query as { readonly bank?: unknown };
    return this.credentials.senderOf(
      bearerOf(request.headers.authorization),
      typeof bank === 'string' ? bank : undefined,
    );
  }

  /**
   * @param read the body's records; may throw a Problem when the whole body is of no use
   * @returns the fate of each record, in their order
   * @throws Problem when nothing was taken
   */
  async take(
    request: FastifyRequest,
    read: (bytes: Buffer) => readonly RecordReading[],
  ): Promise<readonly RecordFate[]> {
    const sender = await this.senderOf(request);
    const ticket = await this.intake.admit(sender.bank);
    try {
      const grow = (bytes: number): void => {
        ticket.grow(bytes);
      };
      const body = await readBody(request.raw, this.config.maxBodyBytes, grow);
      const bytes = decompress(body, request.headers['content-encoding'], this.config.maxDecompressedBytes);
      // Records are read into objects, which take about as much again.
      grow(2 * bytes.length);
      const records = read(bytes);
      return await this.report(sender, records, grow);
    } finally {
      ticket.end();
    }
  }

  private async report(
    sender: Sender,
    records: readonly RecordReading[],
    grow: (bytes: number) => void,
  ): Promise<readonly RecordFate[]> {
    const fates: RecordFate[] = records.map((record) => (record.kind === 'refused' ? record.why : null));
    const places = records.flatMap((record, at) =>
      record.kind === 'report' ? [{ at, report: record.report }] : [],
    );
    for (let from = 0; from < places.length; from += this.config.maxEventsPerRequest) {
      const part = places.slice(from, from + this.config.maxEventsPerRequest);
      const rows = Buffer.from(part.map(({ report }) => JSON.stringify(report)).join('\n'));
      const command = new ReportAttempts(sender, rows, undefined, 'ndjson', undefined, grow);
      const { body }: ReportAnswer = await this.commands.execute(command);
      for (const { index, code, message } of body.rejected) {
        const place = part[index];
        if (place !== undefined) fates[place.at] = `${code}: ${message}`;
      }
    }
    return fates;
  }
}
