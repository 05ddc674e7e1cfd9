import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const schedule = 'AWS::Scheduler::Schedule';

/** Switches the daily run of the batch layer off: it would begin in the middle of a test. @param assembly its folder */
export function withoutDailyRun(assembly: string): void {
  const file = join(assembly, 'pinflow-demo-batch.template.json');
  const template = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties?: object }>>;
  };
  for (const { Type, Properties } of Object.values(template.Resources)) {
    if (Type === schedule) Object.assign(Properties!, { State: 'DISABLED' });
  }
  writeFileSync(file, JSON.stringify(template));
}
