import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { notificationJsonSchema } from '#domain/alerts/alert-notification.js';

it('the published schema of the webhook body is the one the code has', () => {
  const published: unknown = JSON.parse(readFileSync('deploy/webhook/notification.schema.json', 'utf8'));
  expect(published).toEqual(JSON.parse(JSON.stringify(notificationJsonSchema)));
});
