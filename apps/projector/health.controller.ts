import { Controller, Get, Header, ServiceUnavailableException } from '@nestjs/common';
import { Projector } from './projector.js';
import { tellLag } from './tell-lag.js';

/** What supervisors and Prometheus ask. */
@Controller()
export class HealthController {
  constructor(private readonly projector: Projector) {}

  @Get('healthz')
  health(): { status: string } {
    return { status: 'ok' };
  }

  @Get('readyz')
  ready(): { status: string } {
    if (!this.projector.ready) throw new ServiceUnavailableException('the store is not ready yet');
    return { status: 'ready' };
  }

  @Get('metrics')
  @Header('Content-Type', 'text/plain; version=0.0.4')
  async metrics(): Promise<string> {
    await tellLag(this.projector.parts);
    return this.projector.parts.metrics.registry.metrics();
  }
}
