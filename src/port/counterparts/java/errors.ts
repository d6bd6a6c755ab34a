import { ArmloadError } from '../../../core/index.ts';

/** `JAVA_SETTINGS`: Maven's configuration can't be understood. `JAVA_TABLE`: armload's own list of jars is damaged. */
export class JavaError extends ArmloadError<'JAVA_SETTINGS' | 'JAVA_TABLE'> {}
