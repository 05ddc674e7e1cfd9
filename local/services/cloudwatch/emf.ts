/** One metric of one set of dimensions at one time. */
export interface DataPoint {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly unit: string;
  readonly values: readonly number[];
  /** Milliseconds. */
  readonly time: number;
}

interface Directive {
  readonly Namespace?: unknown;
  readonly Dimensions?: unknown;
  readonly Metrics?: unknown;
}

/**
 * The data points of a log line in the embedded metric format; none for any other line.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function dataPointsOf(line: string): DataPoint[] {
  if (!line.startsWith('{') || !line.includes('"_aws"')) return [];
  let document: Record<string, unknown>;
  try {
    document = JSON.parse(line);
  } catch {
    return [];
  }
  const { Timestamp: time, CloudWatchMetrics: directives } = (document['_aws'] ?? {}) as Record<string, unknown>;
  if (typeof time !== 'number' || !Array.isArray(directives)) return [];
  return (directives as Directive[]).flatMap(({ Namespace, Dimensions, Metrics }) => {
    if (typeof Namespace !== 'string' || !Array.isArray(Metrics)) return [];
    const sets = Array.isArray(Dimensions) && Dimensions.length > 0 ? (Dimensions as string[][]) : [[]];
    return sets.flatMap((names) => {
      const dimensions = Object.fromEntries(names.map((name) => [name, String(document[name] ?? '')]));
      return (Metrics as { Name: string; Unit?: string }[]).flatMap(({ Name: name, Unit: unit = 'None' }) => {
        const values = [document[name]].flat().filter((value): value is number => typeof value === 'number');
        return values.length === 0 ? [] : [{ namespace: Namespace, name, dimensions, unit, values, time }];
      });
    });
  });
}
