/** One mail of plain text. */
export interface Mail {
  to: string
  subject: string
  text: string
}

/** Sends mail. Resolves once it is taken for delivery; throws a `Fault` that says whether trying again may help. */
export interface Mailer {
  send(mail: Mail, signal: AbortSignal): Promise<void>
}
