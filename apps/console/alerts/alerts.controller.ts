import {
  BadRequestException,
  Body,
  ConflictException,
  Controller,
  Delete,
  ForbiddenException,
  Get,
  Headers,
  HttpCode,
  NotFoundException,
  Param,
  Post,
} from '@nestjs/common';
import {
  acknowledgeSchema,
  decideAcknowledge,
  decideLift,
  decideSilence,
  decideSnooze,
  silenceSchema,
  snoozeSchema,
} from '#domain/alerts/handle-alerts.js';
import type { Handled } from '#domain/alerts/handle-alerts.js';
import type { AlertEvent } from '#domain/alerts/alert-events.js';
import type { AlertsState } from '#domain/alerts/alerts-state.js';
import { ANY } from '#domain/spikes/scan/scope.js';
import { AttemptStore } from '#attempt-store/attempt-store.js';
import { FailureQuestions } from '#attempt-store/failure-questions.js';
import { AdminReader } from '#event-log/admin-reader.js';
import { AlertLog } from '#event-log/alert-log.js';
import { parseParameters } from '../http/question-parameters.js';
import { actorOf, assertKnownBank, readerOf } from '../http/reader-of.js';
import { alertDetail, silenceView } from './alert-detail.js';

/** More cohorts of one code at one bank than this are counted as so many. */
const MOST_COHORTS = 500;

/**
 * What people do about alerts: decided on the log by its single-writer rule, answered after it was read back. Scope
 * `admin` acts, `read` looks; a credential of one bank acts on its own bank's alerts only.
 */
@Controller('api/v1')
export class AlertsController {
  constructor(
    private readonly alertLog: AlertLog,
    private readonly admin: AdminReader,
    private readonly store: AttemptStore,
    private readonly failures: FailureQuestions,
  ) {}

  @Get('alerts/:alertId')
  async show(@Headers('authorization') authorization: string | undefined, @Param('alertId') alertId: string) {
    const reader = await readerOf(this.admin, authorization, undefined);
    await this.alertLog.refresh();
    return this.detail(alertId, reader.bank);
  }

  @Post('alerts/:alertId/acknowledge')
  @HttpCode(200)
  async acknowledge(
    @Headers('authorization') authorization: string | undefined,
    @Param('alertId') alertId: string,
    @Body() body: unknown,
  ) {
    const actor = await actorOf(this.admin, authorization);
    const asked = parseParameters(acknowledgeSchema, body ?? {});
    await this.refuseSeveralBanks(alertId, actor.bank);
    await this.decide((state) => decideAcknowledge(state, alertId, actor, asked));
    return this.detail(alertId, actor.bank);
  }

  @Post('alerts/:alertId/snooze')
  @HttpCode(200)
  async snooze(
    @Headers('authorization') authorization: string | undefined,
    @Param('alertId') alertId: string,
    @Body() body: unknown,
  ) {
    const actor = await actorOf(this.admin, authorization);
    const asked = parseParameters(snoozeSchema, body ?? {});
    await this.refuseSeveralBanks(alertId, actor.bank);
    await this.decide((state) => decideSnooze(state, alertId, actor, asked, Date.now()));
    return this.detail(alertId, actor.bank);
  }

  @Get('silences')
  async silences(@Headers('authorization') authorization: string | undefined) {
    const { bank } = await readerOf(this.admin, authorization, undefined);
    const { handling } = await this.alertLog.refresh();
    const visible = [...handling.silences.values()].filter(
      (silence) => bank === null || silence.bank === null || silence.bank === bank,
    );
    return { items: visible.map(silenceView) };
  }

  @Post('silences')
  async silence(@Headers('authorization') authorization: string | undefined, @Body() body: unknown) {
    const actor = await actorOf(this.admin, authorization);
    const asked = parseParameters(silenceSchema, body ?? {});
    if (actor.bank !== null && asked.bank !== null && asked.bank !== actor.bank)
      throw new ForbiddenException(`the token acts on ${actor.bank}, not ${asked.bank}`);
    if (asked.bank !== null) await assertKnownBank(this.admin, asked.bank);
    const events = await this.decide((state) => decideSilence(state, actor, asked, Date.now()));
    const [set] = events;
    const silence = set?.type === 'SilenceSet' && this.alertLog.state.handling.silences.get(set.silenceId);
    if (!silence) throw new Error('a silence that was accepted cannot be read back');
    return silenceView(silence);
  }

  @Delete('silences/:silenceId')
  async lift(
    @Headers('authorization') authorization: string | undefined,
    @Param('silenceId') silenceId: string,
  ) {
    const actor = await actorOf(this.admin, authorization);
    await this.decide((state) => decideLift(state, silenceId, actor));
    const silence = this.alertLog.state.handling.silences.get(silenceId);
    if (!silence) throw new NotFoundException('no such silence');
    return silenceView(silence);
  }

  private async detail(alertId: string, bank: string | null) {
    await this.refuseSeveralBanks(alertId, bank);
    const { state } = this.alertLog;
    const alert = state.alerts.get(alertId);
    if (!alert || (bank !== null && alert.bank !== bank)) throw new NotFoundException('no such alert');
    return alertDetail(state, alert, bank === null, await this.failures.remedyTrials({ bank }));
  }

  /** An alert over several banks is nobody's own: one of them is told how far it is in it, and where to look. */
  private async refuseSeveralBanks(alertId: string, bank: string | null): Promise<void> {
    const alert = (await this.alertLog.refresh()).alerts.get(alertId);
    if (bank === null || alert?.bank !== ANY) return;
    const { build, kb, basis, signature } = alert;
    const filter = {
      bank,
      ...(build === ANY ? {} : { build }),
      ...(kb === ANY ? {} : { kb }),
      ...(basis === 'any' ? {} : { signature: signature.l1 }),
    };
    const { items } = await this.store.cohorts(filter, { cursor: undefined, limit: MOST_COHORTS });
    const failing = items.reduce((sum, cohort) => sum + cohort.failing, 0);
    // Who has no part in it does not learn that it is there.
    if (failing === 0) throw new NotFoundException('no such alert');
    throw new ForbiddenException(
      `the alert is about several banks; ${bank} has ${failing} of its failing devices: ask /api/v1/cohorts?${new URLSearchParams(filter).toString()}`,
    );
  }

  /** Decides on the newest state, and again when another writer was faster. */
  private async decide(decide: (state: AlertsState) => Handled): Promise<readonly AlertEvent[]> {
    let refused: unknown = null;
    const accepted = await this.alertLog.decide((state) => {
      const handled = decide(state);
      if ('refused' in handled) {
        refused = problemOf(handled.refused);
        return null;
      }
      refused = null;
      // Watch time stands still while people act: only the watch moves it.
      return handled.events.length === 0 ? null : { atMs: state.atMs ?? 0, events: [...handled.events] };
    });
    if (refused !== null) throw refused as Error;
    return accepted ?? [];
  }
}

function problemOf(refused: Extract<Handled, { refused: unknown }>['refused']): Error {
  switch (refused) {
    case 'not_known':
      return new NotFoundException('no such alert or silence');
    case 'over':
      return new ConflictException('the alert is over: there is nothing left to do about it');
    case 'wrong_window':
      return new BadRequestException('the time must lie ahead, and a silence may last 90 days at most');
  }
}
