import type { Clients } from '../aws.ts';
import { faultText, stepPrinter } from './print.ts';
import { metricsInNeed, rebuild } from './rebuild.ts';

/** Rebuilds the metrics that are new or changed since the last start, or whose counters miss a change, and says so. */
export async function rebuildWhatIsNew(
  clients: Clients,
  tables: Parameters<typeof metricsInNeed>[1],
  { stop, log }: { readonly stop: AbortSignal; readonly log: (line: string) => void },
): Promise<void> {
  const metrics = await metricsInNeed(clients, tables);
  if (metrics.length === 0) return;
  log(`\nLive history of ${metrics.map(({ name }) => name).join(', ')}`);
  const printer = stepPrinter(log);
  const rebuilt = await rebuild(clients, tables, { metrics, stop, onStep: printer.step });
  printer.end();
  const fault = faultText(rebuilt);
  if (fault !== undefined) log(`  ! ${fault}`);
}
