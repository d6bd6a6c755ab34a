export { dotnetOrigin } from './dotnet-origin.ts';
