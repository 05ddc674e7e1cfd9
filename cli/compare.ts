import { batchNamesOf } from './accounting/deployed-names.ts';
import { command } from './command.ts';
import { askReferee } from './compare/ask.ts';
import { comparisonText, exitCode } from './compare/print.ts';
import { deploymentOptions, inDeployment } from './deployment.ts';

export default command(
  {
    command: 'compare',
    summary:
      'Compares the layers: posts with silver, row by row, and every live counter with what the posts add up to. Exit 0 if all of it is the same, 1 if something differs, 3 if nothing does and not all could be compared.',
    options: {
      ...deploymentOptions,
      all: { type: 'flag', describe: 'every post and every counter (a sample of some ten thousand posts)' },
      json: { type: 'flag', describe: 'the report as JSON' },
    },
  },
  async ({ all = false, json = false, ...given }) =>
    inDeployment(given, async (clients, names) => {
      const report = await askReferee(clients, batchNamesOf(names), { all });
      console.log(json ? JSON.stringify(report) : comparisonText(report));
      return exitCode(report);
    }),
);
