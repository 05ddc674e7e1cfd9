export class PluginBuildError extends Error {}
export function pluginZip(): string;
export function compile(sources: string, classes: string, classPath?: readonly string[]): void;
