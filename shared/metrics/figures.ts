/** What functions tell CloudWatch of themselves, and in what; alarms and the dashboard name no others. */
export const figures = {
  /** How long the oldest message that is due waits in a service's outbox. */
  OutboxOverdue: 'Seconds',
  /** Media hosts that were heard within an hour, but not lately. */
  HostsSilent: 'Count',
  /** Of the host that is furthest behind: the time from which on not all is stored that it journalled. */
  JournalAge: 'Seconds',
  /** How old the newest event of a batch is when it is stored. */
  IngestAge: 'Seconds',
  /** Events of a batch that could not be stored. */
  DeadLetters: 'Count',
} as const

export type Figure = keyof typeof figures
export type Figures = Partial<Record<Figure, number>>

/** Which function tells which, by the service's own name. */
export const toldBy = {
  commodore: ['OutboxOverdue'],
  quartermaster: ['OutboxOverdue'],
  'periscope-query': ['HostsSilent', 'JournalAge'],
  'periscope-ingest': ['IngestAge', 'DeadLetters'],
} as const satisfies Record<string, readonly Figure[]>

export type Teller = keyof typeof toldBy

/** Two stages may share an account. */
export interface Source {
  service: Teller
  stage: string
}

export const FIGURES_NAMESPACE = 'FrameWorks'

/** A line of a function's log that CloudWatch reads as metrics (its embedded metric format). */
export function toEmbedded(of: Source, values: Figures, now: Date): string {
  const names = Object.keys(figures).filter((name): name is Figure => values[name as Figure] !== undefined)
  const Metrics = names.map((Name) => ({ Name, Unit: figures[Name] }))
  const metrics = { Namespace: FIGURES_NAMESPACE, Dimensions: [Object.keys(of)], Metrics }
  const _aws = { Timestamp: now.getTime(), CloudWatchMetrics: [metrics] }
  return `${JSON.stringify({ _aws, ...of, ...values })}\n`
}
