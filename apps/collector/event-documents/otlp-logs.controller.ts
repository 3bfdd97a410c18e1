import { Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { NotProtobuf, readOtlpProtobuf } from '#sources/event-documents/otlp-protobuf.js';
import { isOtlpExport } from '#sources/event-documents/otlp-logs.js';
import { isTree } from '#sources/event-documents/tree.js';
import type { Tree } from '#sources/event-documents/tree.js';
import { Problem } from '../problem.js';
import { EventIntake } from './event-intake.js';
import type { RecordFate } from './event-intake.js';
import { readDocument } from './read-records.js';

const PROTOBUF = 'application/x-protobuf';
const JSON_TYPE = 'application/json';

/** OTLP/HTTP logs: what OpenTelemetry's `otlphttp` exporter sends of the `windowseventlog` receiver. */
@Controller('v1/logs')
export class OtlpLogsController {
  constructor(private readonly intake: EventIntake) {}

  @Post()
  @HttpCode(200)
  async post(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
    if (type !== PROTOBUF && type !== JSON_TYPE) {
      throw new Problem(415, 'unknown_media_type', `Content-Type: expected ${PROTOBUF} or ${JSON_TYPE}`);
    }
    const fates = await this.intake.take(request, (bytes) => readDocument(exportIn(bytes, type)));
    const answer = partialSuccess(fates);
    // Bytes, because the framework would add a charset to the media type.
    void reply.type(type);
    return Buffer.from(type === JSON_TYPE ? JSON.stringify(answer) : protobufOf(answer));
  }
}

function exportIn(bytes: Buffer, type: typeof PROTOBUF | typeof JSON_TYPE): Tree {
  try {
    if (type === PROTOBUF) return readOtlpProtobuf(bytes);
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    if (isTree(value) && (isOtlpExport(value) || Object.keys(value).length === 0))
      return { resourceLogs: [], ...value };
  } catch (error) {
    if (!(error instanceof NotProtobuf) && !(error instanceof SyntaxError)) throw error;
  }
  throw new Problem(400, 'broken_otlp', `the body is no OTLP export of logs in ${type}; nothing was taken`);
}

interface OtlpAnswer {
  readonly partialSuccess?: { readonly rejectedLogRecords: string; readonly errorMessage: string };
}

function partialSuccess(fates: readonly RecordFate[]): OtlpAnswer {
  const refused = fates.filter((fate) => fate !== null);
  if (refused.length === 0) return {};
  const errorMessage = [...new Set(refused)].slice(0, 3).join('; ').slice(0, 500);
  return { partialSuccess: { rejectedLogRecords: String(refused.length), errorMessage } };
}

/** `ExportLogsServiceResponse` {1: partial_success {1: rejected_log_records, 2: error_message}}. */
function protobufOf({ partialSuccess }: OtlpAnswer): number[] {
  if (partialSuccess === undefined) return [];
  const message = [...Buffer.from(partialSuccess.errorMessage)];
  const inner = [
    0x08,
    ...varint(Number(partialSuccess.rejectedLogRecords)),
    0x12,
    ...varint(message.length),
    ...message,
  ];
  return [0x0a, ...varint(inner.length), ...inner];
}

const varint = (value: number): number[] =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(Math.floor(value / 0x80))];
