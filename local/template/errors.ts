/** Where in a cloud assembly something stands. */
export interface Place {
  readonly stack: string;
  readonly logicalId: string;
  /** The construct path, such as `pinflow-demo-speed/Clean/Function`. */
  readonly path: string;
  /** Below the resource, condition or output: `Properties.Environment.Variables.POSTS_TABLE`. */
  readonly property: string;
}

export function describePlace(place: Place): string {
  const construct = place.path === '' ? '' : ` (${place.path})`;
  const property = place.property === '' ? '' : ` at ${place.property}`;
  return `${place.stack}.${place.logicalId}${construct}${property}`;
}

export const below = (place: Place, key: string | number): Place => ({
  ...place,
  property: place.property === '' ? String(key) : `${place.property}.${key}`,
});

/** A template says something that the local runtime does not do, or that is wrong. Names where it stands. */
export class TemplateError extends Error {
  readonly place: Place;

  constructor(place: Place, problem: string) {
    super(`${describePlace(place)}: ${problem}`);
    this.name = 'TemplateError';
    this.place = place;
  }
}

/** Everything that is wrong with an assembly, found before anything was created. */
export class DeployError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    const count = problems.length === 1 ? 'one thing' : `${problems.length} things`;
    super(
      `The local runtime does not do ${count} that the templates ask for:\n${problems.map((p) => `  - ${p}`).join('\n')}`,
    );
    this.name = 'DeployError';
    this.problems = problems;
  }
}
