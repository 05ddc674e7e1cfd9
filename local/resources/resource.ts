/** What the templates know of a resource once it exists. */
export interface DeployedResource {
  /** The value of `Ref`. */
  readonly ref: string;
  /** The values of `Fn::GetAtt`, by attribute name. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** A resource of a template with its intrinsics resolved. */
export interface ResourceRequest {
  readonly type: string;
  readonly stack: string;
  readonly logicalId: string;
  /** The construct path, for messages: `pinflow-demo-speed/Clean/Function`. */
  readonly path: string;
  // biome-ignore lint/suspicious/noExplicitAny: the shape of properties is each resource type's own knowledge
  readonly properties: Readonly<Record<string, any>>;
  /** What an earlier start made of it. */
  readonly previous?: DeployedResource;
  readonly account: string;
  readonly region: string;
  /** The name CloudFormation would make up for a resource without one: the same at every start. */
  generatedName(maxLength?: number): string;
}

/**
 * One CloudFormation type. A property path that is in neither list stops the start; a listed path covers all below it
 * (`Code` covers `Code.S3Bucket`; `StreamModeDetails.StreamMode` covers just that; `*` stands for an array index or map key).
 */
export interface ResourceType {
  readonly type: string;
  readonly implemented: readonly string[];
  /** Property path -> why it has no effect here. */
  readonly inert: Readonly<Record<string, string>>;
  /**
   * What the path lists cannot say: each unsupported value as one sentence. Called before anything is created, so
   * references are still there as `{Ref: …}` and `{'Fn::…': …}`; branches of `Fn::If` are taken.
   */
  // biome-ignore lint/suspicious/noExplicitAny: as in ResourceRequest
  check?(properties: Readonly<Record<string, any>>): readonly string[];
  /** Creates it, or brings an existing one to these properties. Running it twice changes nothing. */
  create(request: ResourceRequest): Promise<DeployedResource>;
  /** Called when a later template no longer has it. Data stays unless the type says otherwise. */
  remove?(deployed: DeployedResource): Promise<void>;
}
