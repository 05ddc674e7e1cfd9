export class PluginBuildError extends Error {}
export function pluginZip(): string;
export function packPlugin(classes: string): Uint8Array;
export function compile(sources: string, classes: string, classPath?: readonly string[]): void;
