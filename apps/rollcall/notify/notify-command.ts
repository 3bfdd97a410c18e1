import type { Command } from 'commander';
import { testNotification } from '#domain/alerts/alert-notification.js';
import { channelConfigSchema, configuredNotifiers } from '#notify/configured-channels.js';
import { loadConfig } from '#runtime/load-config.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import { printJson, printText } from '../output.js';

export function registerNotify(program: Command): void {
  const notify = program.command('notify').description('the channels that alerts go to');
  notify
    .command('test')
    .description('send a message that says it is a test; the same code and settings as for alerts')
    .argument('<channel>', 'alertmanager, webhook, smtp, wecom, dingtalk or stdout')
    .option('--json', 'JSON')
    .addHelpText(
      'after',
      `
The channels are configured by the environment, as for "rollcall up": run it with the same variables.

Example:
  $ ROLLCALL_ALERTMANAGER_URL=http://127.0.0.1:9093 rollcall notify test alertmanager`,
    )
    .action(async (channel: string, options: { readonly json?: boolean }) => {
      const variables = loadConfig(channelConfigSchema, process.env);
      const notifiers = configuredNotifiers(variables, (text) => process.stdout.write(text));
      const notifier = notifiers.find((one) => one.channel === channel);
      if (!notifier) {
        const known = notifiers.map((one) => one.channel).join(', ') || 'none';
        throw new CommandFailure(
          EXIT.notKnown,
          `channel ${channel} is not configured in this environment (configured: ${known})`,
        );
      }
      const notification = testNotification(channel, Date.now());
      await notifier.deliver(notification);
      if (options.json) printJson({ channel, deliveryId: notification.deliveryId, taken: true });
      else printText(`${channel} has taken the test message ${notification.deliveryId}`);
    });
}
