/** A function as its template declares it. */
export interface FunctionDefinition {
  readonly name: string;
  /** The unpacked bundle. */
  readonly directory: string;
  /** `file.export`. */
  readonly handler: string;
  readonly roleArn: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  /** Invocations beyond it are refused. @default - as many as the machine takes, then they wait */
  readonly reservedConcurrency?: number;
  readonly logGroup: string;
}

/** What became of one invocation. */
export interface InvocationResult {
  readonly requestId: string;
  /** The JSON that the handler returned, or `{errorType, errorMessage, trace?}`. */
  readonly payload: string;
  /** True when the handler threw, timed out, exceeded its memory or could not be loaded. */
  readonly failed: boolean;
}
