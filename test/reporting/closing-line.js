/** Ends the output of a run with one line that a machine can read: `N passed, N failed`, and `, N skipped` if any were. */
export default class ClosingLine {
  onRunComplete(_, results) {
    // A suite that cannot be loaded has no tests: it counts as one that failed.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    const line = `${results.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
    process.once('exit', () => console.log(`\n${line}`)); // after jest's own summary
  }
}
