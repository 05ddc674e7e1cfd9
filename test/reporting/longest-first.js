import Sequencer from '@jest/test-sequencer';

/** What runs for a minute and more, by the beginnings of paths in `test/`. */
const LONG = ['e2e/', 'lake/layers', 'cli/rebuild', 'batch/pytest'];

/**
 * The longest first, so that none of them is left alone at the end. Jest does so where it knows how long they took, which
 * it does not in a new clone: there the largest files would be first.
 */
export default class LongestFirst extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    if (tests.some((test) => this.time(test) !== undefined)) return sorted;
    const isLong = ({ path, context }) =>
      LONG.some((place) => path.startsWith(`${context.config.rootDir}/test/${place}`));
    return [...sorted.filter(isLong), ...sorted.filter((test) => !isLong(test))];
  }
}
