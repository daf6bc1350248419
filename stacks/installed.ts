/** Packages that read files of their own and so cannot be bundled: they lie beside a function's code as they are. */
export const installed = {
  commodore: ['@node-rs/argon2'],
  kafka: ['@platformatic/kafka'],
} as const
