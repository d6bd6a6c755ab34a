import { ArmloadError } from '../../core/index.ts';

/** The error codes of the OCI distribution specification ("Error Codes"), and docker-registry's for our own faults. */
export type RegistryErrorCode =
  | 'BLOB_UNKNOWN'
  | 'BLOB_UPLOAD_INVALID'
  | 'BLOB_UPLOAD_UNKNOWN'
  | 'DIGEST_INVALID'
  | 'MANIFEST_BLOB_UNKNOWN'
  | 'MANIFEST_INVALID'
  | 'MANIFEST_UNKNOWN'
  | 'NAME_INVALID'
  | 'NAME_UNKNOWN'
  | 'SIZE_INVALID'
  | 'UNAUTHORIZED'
  | 'DENIED'
  | 'UNSUPPORTED'
  | 'TOOMANYREQUESTS'
  | 'UNKNOWN';

export interface RefusalDetails {
  /** The `detail` of the answer's error. */
  readonly detail?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request the server answers with an error: thrown anywhere in a handler, written once, at the top. */
export class Refusal extends ArmloadError<RegistryErrorCode> {
  readonly status: number;
  readonly detail: unknown;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: RegistryErrorCode, message: string, details: RefusalDetails = {}) {
    super(code, message);
    this.status = status;
    this.detail = details.detail;
    this.headers = details.headers ?? {};
  }
}
