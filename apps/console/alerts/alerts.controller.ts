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
import { AdminReader } from '#event-log/admin-reader.js';
import { AlertLog } from '#event-log/alert-log.js';
import { parseParameters } from '../http/question-parameters.js';
import { actorOf, readerOf } from '../http/reader-of.js';
import { alertDetail, silenceView } from './alert-detail.js';

/**
 * What people do about alerts: decided on the log by its single-writer rule, answered after it was read back. Scope
 * `admin` acts, `read` looks; a credential of one bank acts on its own bank's alerts only.
 */
@Controller('api/v1')
export class AlertsController {
  constructor(
    private readonly alertLog: AlertLog,
    private readonly admin: AdminReader,
  ) {}

  @Get('alerts/:alertId')
  async show(@Headers('authorization') authorization: string | undefined, @Param('alertId') alertId: string) {
    const reader = await readerOf(this.admin, authorization, undefined);
    return this.detail(await this.alertLog.refresh(), alertId, reader.bank);
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
    await this.decide((state) => decideAcknowledge(state, alertId, actor, asked));
    return this.detail(this.alertLog.state, alertId, actor.bank);
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
    await this.decide((state) => decideSnooze(state, alertId, actor, asked, Date.now()));
    return this.detail(this.alertLog.state, alertId, actor.bank);
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

  private detail(state: AlertsState, alertId: string, bank: string | null) {
    const alert = state.alerts.get(alertId);
    if (!alert || (bank !== null && alert.bank !== bank)) throw new NotFoundException('no such alert');
    return alertDetail(state, alert, bank === null);
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
