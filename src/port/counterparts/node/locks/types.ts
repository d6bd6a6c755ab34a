/** What a lock file says of a package: nothing, its hash, or a reason why that can't be told. */
export type LockAnswer = { readonly integrity: string } | { readonly why: string } | undefined;
