import type { Jobs } from '../../shared/jobs.ts'
import type { Log } from '../../shared/log.ts'
import type { Mailer } from '../../shared/mail/mailer.ts'
import type { Handler } from '../../shared/outbox/drain.ts'
import { createOutboxJob } from '../../shared/outbox/job.ts'
import { createAccountMails } from './accounts/mails.ts'
import type { KeyRing } from './identity/key-ring.ts'
import { createInvitationMail } from './invitations/mail.ts'
import { createRetargetHandler, RETARGET_KIND, type RetargetDeps } from './push-targets/retarget.ts'
import {
  createInsistenceHandler,
  createReauthorisationHandler,
  INSISTENCE_KIND,
  REAUTHORISATION_KIND,
  type ReauthorisationDeps,
} from './reauthorisation/reauthorisations.ts'
import { sweep } from './sweep.ts'
import { createEndingHandler, ENDING_KIND, type EndingDeps } from './termination/endings.ts'
import { createDeliveryHandler, type DeliverDeps, sweepDeliveries } from './webhooks/deliver.ts'
import { DELIVERY_KIND } from './webhooks/emit.ts'

const HOUR_SECONDS = 3_600

/** What Commodore's jobs and outbox handlers need. */
export interface JobDeps extends DeliverDeps, EndingDeps, ReauthorisationDeps, RetargetDeps {
  log: Log
  ring: Pick<KeyRing, 'rotate'>
  mailer: Mailer
  /** Where links in mails lead. */
  appUrl: URL
}

/** What is done for each kind of message of the outbox. */
function createHandlers(deps: JobDeps): Record<string, Handler> {
  return {
    ...createAccountMails(deps),
    ...createInvitationMail(deps),
    [DELIVERY_KIND]: createDeliveryHandler(deps),
    [ENDING_KIND]: createEndingHandler(deps),
    [REAUTHORISATION_KIND]: createReauthorisationHandler(deps),
    [INSISTENCE_KIND]: createInsistenceHandler(deps),
    [RETARGET_KIND]: createRetargetHandler(deps),
  }
}

/** What Commodore does by the clock. */
export function createJobs(deps: JobDeps): Jobs {
  return {
    webhook_log: { every_seconds: HOUR_SECONDS, run: () => sweepDeliveries(deps) },
    outbox: createOutboxJob(deps, createHandlers(deps)),
    identity: { every_seconds: HOUR_SECONDS, run: () => deps.ring.rotate() },
    sweep: { every_seconds: HOUR_SECONDS, run: () => sweep(deps) },
  }
}
