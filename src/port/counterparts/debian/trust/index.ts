export { type ImageKeyrings, type Keyring, readKeyrings, type Trust, trustOf } from './keyrings.ts';
export { type Signed, unverifiedText, verifySigned } from './verify.ts';
