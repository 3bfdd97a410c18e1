import { createHash, randomUUID } from 'node:crypto';
import { Inject } from '@nestjs/common';
import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { BODY_REJECT_CODES } from '#domain/reasons.js';
import type { BodyRejectCode } from '#domain/reasons.js';
import { EventLog, LogUnavailableError } from '#event-log/event-log.js';
import type { Metrics } from '#runtime/metrics.js';
import { BankPseudonyms } from '../admission/bank-pseudonyms.js';
import { BankQuota } from '../admission/bank-quota.js';
import type { Sender } from '../admission/credentials.js';
import { decompress } from '../body/decompress.js';
import { COLLECTOR_CONFIG } from '../collector.config.js';
import type { CollectorConfig } from '../collector.config.js';
import { METRICS } from '../http/metrics-token.js';
import { Problem, tryLater } from '../problem.js';
import { brokenJson, readReportBody } from '../rows/read-report-body.js';
import type { BodyFormat } from '../rows/read-report-body.js';
import { compileValidators } from '../rows/report-validators.js';
import { takeRows } from '../rows/take-rows.js';
import type { RejectedRow, TakenRows } from '../rows/take-rows.js';
import { IdempotencyStore } from './idempotency-store.js';
import { NameBook } from './name-book.js';
import type { ReportAnswer } from './report-answer.js';
import { RejectsStore } from './rejects-store.js';

/** Take the reports of one request: a body as it came, and who sent it. */
export class ReportAttempts extends Command<ReportAnswer> {
  constructor(
    readonly sender: Sender,
    readonly body: Buffer,
    readonly encoding: string | undefined,
    readonly format: BodyFormat,
    readonly idempotencyKey: string | undefined,
    /** Told the size of what the body unpacks to; may throw a Problem. */
    readonly grow: (bytes: number) => void,
  ) {
    super();
  }
}

const VERSION = '0.1.0';

/**
 * decompress → split → take rows → append. Resolves only when the log holds what it took on disk.
 * Rejects with a Problem when nothing was taken.
 */
@CommandHandler(ReportAttempts)
export class ReportAttemptsHandler implements ICommandHandler<ReportAttempts> {
  private readonly validators = compileValidators();

  constructor(
    private readonly log: EventLog,
    private readonly pseudonyms: BankPseudonyms,
    private readonly quota: BankQuota,
    private readonly idempotency: IdempotencyStore,
    private readonly rejects: RejectsStore,
    private readonly names: NameBook,
    @Inject(COLLECTOR_CONFIG) private readonly config: CollectorConfig,
    @Inject(METRICS) private readonly metrics: Metrics,
  ) {}

  async execute(command: ReportAttempts): Promise<ReportAnswer> {
    const { sender, body, idempotencyKey } = command;
    try {
      const bytes = decompress(body, command.encoding, this.config.maxDecompressedBytes);
      if (bytes !== body) command.grow(bytes.length);
      if (idempotencyKey === undefined) return await this.take(command, bytes);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      return await this.idempotency.once(sender.bank, idempotencyKey, sha256, () =>
        this.take(command, bytes),
      );
    } catch (error) {
      if (error instanceof Problem && isBodyReject(error.code)) {
        await this.rejects.keepBody(sender.bank, body, error.code, error.detail);
      }
      throw error;
    }
  }

  private async take({ sender, format }: ReportAttempts, bytes: Buffer): Promise<ReportAnswer> {
    const receivedAt = new Date().toISOString();
    const body = readReportBody(bytes, format, this.config.maxEventsPerRequest);
    this.quota.take(sender.bank, body.rows.length);
    const pseudonyms = this.pseudonyms.of(sender.bank, sender.fqdn);
    const listening = sender.nameMap ? await this.names.listen(sender.bank, sender.fqdn, pseudonyms) : null;
    const arrival = {
      bank: sender.bank,
      pseudonyms: listening ?? pseudonyms,
      receivedAt,
      honourReceivedAt: sender.mayStampArrival,
      collector: { id: this.config.collectorId, version: VERSION },
      timeZone: sender.timeZone,
    };
    const taken = takeRows(body, arrival, this.validators, this.config);
    if (taken.kind === 'foreign_bank') {
      const detail = `row ${taken.index} names another bank than the token (${sender.bank}); nothing was taken`;
      throw new Problem(403, 'foreign_bank', detail);
    }
    const notJson = taken.rejected.find(({ code }) => code === 'not_json');
    if (format === 'json' && notJson) throw brokenJson(`element ${notJson.index}: ${notJson.message}`);
    await this.append(taken);
    listening?.remember();
    this.count(sender.bank, taken);
    if (taken.rejected.length > 0)
      await this.rejects.keepRows(sender.bank, randomUUID(), bytes, taken.rejected);
    return answer(taken);
  }

  private async append({ attempts, inventories, remedies }: Taken): Promise<void> {
    const done = this.metrics.appendSeconds.startTimer();
    try {
      await Promise.all([
        attempts.length > 0 && this.log.append('patch.attempts', attempts),
        inventories.length > 0 && this.log.append('patch.inventory', inventories),
        remedies.length > 0 && this.log.append('patch.remedies', remedies),
      ]);
    } catch (error) {
      if (!(error instanceof LogUnavailableError)) throw error;
      const afterSeconds = error.reason === 'disk_full' ? 30 : 2;
      throw tryLater(
        503,
        error.reason,
        `the log cannot take anything for now: ${error.message}`,
        afterSeconds,
      );
    }
    done();
  }

  private count(bank: string, taken: Taken): void {
    this.metrics.reportsAccepted.inc({ bank }, acceptedOf(taken));
    if (taken.unknownFields > 0) this.metrics.unknownFields.inc(taken.unknownFields);
    for (const { code } of taken.rejected) this.metrics.reportsRejected.inc({ code });
  }
}

type Taken = Extract<TakenRows, { kind: 'taken' }>;

const acceptedOf = ({ attempts, inventories, remedies }: Taken): number =>
  attempts.length + inventories.length + remedies.length;

function answer(taken: Taken): ReportAnswer {
  const accepted = acceptedOf(taken);
  const { rejected } = taken;
  const withoutText = rejected.map(({ index, path, code, message }: RejectedRow) => ({
    index,
    path,
    code,
    message,
  }));
  return {
    status: accepted === 0 && rejected.length > 0 ? 422 : 202,
    body: { accepted, rejected: withoutText },
  };
}

const isBodyReject = (code: string): code is BodyRejectCode =>
  (BODY_REJECT_CODES as readonly string[]).includes(code);
