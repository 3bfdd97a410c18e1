import { Controller, Get, Head, Header, HttpCode, Post, Put, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { EventIntake } from './event-intake.js';
import { readBulk } from './read-records.js';
import type { BulkAction } from './read-records.js';

/** Beats refuse a server that is older than they are, and one without this header. */
const VERSION = '8.19.0';
const PRODUCT = ['x-elastic-product', 'Elasticsearch'] as const;
/** Where Beats set themselves up before they send; nothing of it is needed here. */
const SETUP = [
  '_index_template/:name',
  '_template/:name',
  '_ilm/policy/:name',
  '_data_stream/:name',
  '_ingest/pipeline/:name',
];

/** As much of Elasticsearch's HTTP interface as Winlogbeat's `output.elasticsearch` speaks: handshake, set-up, `_bulk`. */
@Controller()
export class BulkController {
  constructor(private readonly intake: EventIntake) {}

  @Get()
  @Header(...PRODUCT)
  async handshake(@Req() request: FastifyRequest) {
    await this.intake.senderOf(request);
    return {
      name: 'rollcall',
      cluster_name: 'rollcall',
      cluster_uuid: 'rollcall',
      version: { number: VERSION, build_flavor: 'default', minimum_wire_compatibility_version: '7.17.0' },
      tagline: 'You Know, for Search',
    };
  }

  @Get('_license')
  @Header(...PRODUCT)
  async license(@Req() request: FastifyRequest) {
    await this.intake.senderOf(request);
    return { license: { status: 'active', type: 'basic', mode: 'basic', uid: 'rollcall' } };
  }

  @Head(SETUP)
  @Header(...PRODUCT)
  async exists(@Req() request: FastifyRequest): Promise<void> {
    await this.intake.senderOf(request);
  }

  @Get(SETUP)
  @Header(...PRODUCT)
  async setUp(@Req() request: FastifyRequest) {
    await this.intake.senderOf(request);
    return {};
  }

  @Put(SETUP)
  @Header(...PRODUCT)
  async acknowledge(@Req() request: FastifyRequest) {
    await this.intake.senderOf(request);
    return { acknowledged: true };
  }

  @Post(['_bulk', ':index/_bulk'])
  @HttpCode(200)
  @Header(...PRODUCT)
  async bulk(@Req() request: FastifyRequest) {
    const startedAtMs = performance.now();
    let actions: readonly BulkAction[] = [];
    const fates = await this.intake.take(request, (bytes) => {
      actions = readBulk(bytes.toString('utf8'));
      return actions.map(({ reading }) => reading);
    });
    const items = actions.map(({ action, index }, at) => ({ [action]: itemOf(index, fates[at] ?? null) }));
    const errors = fates.some((fate) => fate !== null);
    return { took: Math.round(performance.now() - startedAtMs), errors, items };
  }
}

/** 400 tells Beats to drop the event and not to send it again: it would be refused again. */
function itemOf(index: string, refusal: string | null) {
  return refusal === null
    ? { _index: index, status: 201, result: 'created' }
    : { _index: index, status: 400, error: { type: 'document_parsing_exception', reason: refusal } };
}
