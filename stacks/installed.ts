import packageJson from '../package.json' with { type: 'json' }

const { dependencies } = packageJson

/** Packages that read files of their own and so cannot be bundled: they lie beside a function's code as they are. */
export const installed = {
  commodore: ['@node-rs/argon2'],
  kafka: ['@platformatic/kafka'],
} as const

/** The same as a function is given them: in the versions that everything here is tested with. */
export function pinned(names: readonly (keyof typeof dependencies)[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, dependencies[name]]))
}
