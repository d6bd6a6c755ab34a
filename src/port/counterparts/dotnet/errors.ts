import { ArmloadError } from '../../../core/index.ts';

/** `DOTNET_SOURCE`: a NuGet source that doesn't answer as one. */
export class DotnetError extends ArmloadError<'DOTNET_SOURCE'> {}
