import { metrics as model } from '../model/metrics/index.ts';
import type { Metric } from '../model/metrics/metric.ts';
import { nearest, UsageError } from './arguments.ts';
import { command } from './command.ts';
import { deploymentOptions, inDeployment } from './deployment.ts';
import { onInterrupt } from './interrupt.ts';
import { faultText, stepPrinter } from './rebuild/print.ts';
import { rebuild } from './rebuild/rebuild.ts';

export default command(
  {
    command: 'rebuild',
    summary:
      'Gives metrics their whole live history, under traffic, by touching every post. Until then they are served from the batch layer. Exit 0 once they are complete.',
    options: {
      ...deploymentOptions,
      metric: { type: 'texts', value: 'NAME', describe: 'this one, and others given so (all)' },
    },
  },
  async ({ metric: wanted = [], ...given }) => {
    const metrics = wanted.length === 0 ? model : wanted.map(metricNamed);
    const interrupted = onInterrupt(() => console.error('\n  Stopping: the same command goes on with it.'));
    const printer = stepPrinter(console.log);
    try {
      const rebuilt = await inDeployment(given, (clients, names) =>
        rebuild(clients, names, { metrics, stop: interrupted.signal, onStep: printer.step }),
      );
      printer.end();
      const fault = faultText(rebuilt);
      if (fault !== undefined) console.error(`  ! ${fault}`);
      return rebuilt.outcome === 'completed' ? 0 : rebuilt.outcome === 'stopped' ? 130 : 1;
    } finally {
      interrupted.dispose();
    }
  },
);

/** @throws UsageError */
function metricNamed(name: string): Metric {
  const found = model.find((metric) => metric.name === name);
  if (found !== undefined) return found;
  const names = model.map((metric) => metric.name);
  const near = nearest(name, names);
  throw new UsageError(
    `There is no metric ${name}${near === undefined ? '' : `; do you mean ${near}?`} There are: ${names.join(', ')}.`,
  );
}
