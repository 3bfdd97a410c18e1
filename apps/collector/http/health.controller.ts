import { Controller, Get, Header, Inject } from '@nestjs/common';
import { EventLog } from '#event-log/event-log.js';
import type { Metrics } from '#runtime/metrics.js';
import { Intake } from '../admission/intake.js';
import { tryLater } from '../problem.js';
import { METRICS } from './metrics-token.js';

/** How the process is; open to everybody who reaches the port, as orchestrators and Prometheus need it. */
@Controller()
export class HealthController {
  constructor(
    private readonly intake: Intake,
    private readonly log: EventLog,
    @Inject(METRICS) private readonly metrics: Metrics,
  ) {}

  /** The process lives. */
  @Get('healthz')
  healthz() {
    return { status: 'ok' };
  }

  /** A batch sent now would be taken: the log answers, the disk has room, nobody stops us. */
  @Get('readyz')
  async readyz() {
    await this.intake.assertReady();
    try {
      await this.log.endOffsets('patch.attempts');
    } catch (error) {
      throw tryLater(503, 'log_unavailable', `the log does not answer: ${String(error)}`, 2);
    }
    return { status: 'ready' };
  }

  @Get('metrics')
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  async metricsText(): Promise<string> {
    return this.metrics.registry.metrics();
  }
}
