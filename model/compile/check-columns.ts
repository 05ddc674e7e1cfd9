/** What of the columns of a table or an answer cannot be so named. @param taken names that are not free */
export function columnProblems(columns: readonly string[], taken: ReadonlySet<string>): readonly string[] {
  const twice = columns.filter((name, at) => columns.indexOf(name) !== at);
  return [
    ...columns
      .filter((name) => !/^[a-z][a-z0-9_]*$/.test(name))
      .map((name) => `the column ${name} is to have lower-case letters, digits and underscores only.`),
    ...twice.map((name) => `two of its columns are named ${name}: name one of them otherwise.`),
    ...columns.filter((name) => taken.has(name)).map((name) => `the column name ${name} is taken: name it otherwise.`),
  ];
}
