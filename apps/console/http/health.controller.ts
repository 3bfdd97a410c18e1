import { Controller, Get, Header, Inject, ServiceUnavailableException } from '@nestjs/common';
import { AdminReader } from '#event-log/admin-reader.js';
import type { Metrics } from '#runtime/metrics.js';
import { StorePosition } from '../questions/store-position.js';
import { METRICS } from './metrics-token.js';

@Controller()
export class HealthController {
  constructor(
    private readonly admin: AdminReader,
    private readonly position: StorePosition,
    @Inject(METRICS) private readonly metrics: Metrics,
  ) {}

  /** The process lives. */
  @Get('healthz')
  healthz() {
    return { status: 'ok' };
  }

  /** Log and store answer, so questions can be asked. */
  @Get('readyz')
  async readyz() {
    try {
      await this.admin.current();
      const { generation } = await this.position.of(null);
      return { status: 'ready', generation };
    } catch (error) {
      throw new ServiceUnavailableException(
        `not ready: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  @Get('metrics')
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  async metricsText(): Promise<string> {
    return this.metrics.registry.metrics();
  }
}
