import type { Jobs } from '../jobs.ts'
import type { Figures } from '../metrics/figures.ts'

/** A running service, however it is served: Lambda, a local port, or a test's `request`. */
export interface Service extends AsyncDisposable {
  fetch(request: Request): Response | Promise<Response>
  /** What it does by the clock; absent when nothing. */
  jobs?: Jobs
  /** What its scheduled function tells CloudWatch; absent when nothing. */
  figures?(): Promise<Figures>
  /** Says that it stops, while those that it tells are still there. */
  leave?(): Promise<void>
}
