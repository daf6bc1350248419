interface Measured {
  value: number
  /** As it stands in docs/benchmarks.md. */
  text: string
}

/** What was measured of one process on two cores, the slowest of the sizes that were measured. */
export const measured = {
  published: { value: 57_772, text: '57,772/s' },
  stored: { value: 65_271, text: '65,271/s' },
  bytes_per_event: { value: 64, text: '64 bytes an event' },
  bytes_per_sample: { value: 46, text: '46 bytes a viewer' },
} as const satisfies Record<string, Measured>
