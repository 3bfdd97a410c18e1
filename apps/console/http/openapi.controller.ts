import { Controller, Get } from '@nestjs/common';
import { openApiDocument } from './openapi.js';

@Controller('api')
export class OpenApiController {
  private readonly document = openApiDocument();

  /** Public: it holds no data, and tools fetch it without a token. */
  @Get('openapi.json')
  openapi() {
    return this.document;
  }
}
