import { Hono } from 'hono'
import { html } from 'hono/html'
import { readMails } from '../../shared/mail/folder.ts'

/** The mails that the system would have sent: a page for people, JSON for who accepts that. */
export function createInbox(folder: string): Hono {
  return new Hono().get('/', async (c) => {
    const mails = await readMails(folder)
    if (c.req.header('accept')?.includes('application/json')) return c.json({ mails })
    const shown = mails.map(
      ({ at, to, subject, text }) => html`<article>
        <h2>${subject}</h2>
        <p>to ${to}, ${at}</p>
        <pre>${text}</pre>
      </article>`,
    )
    return c.html(html`<!doctype html>
      <html lang="en">
        <meta charset="utf-8" />
        <title>Inbox</title>
        <style>
          body { font: 16px/1.5 system-ui; max-width: 48rem; margin: 2rem auto; padding: 0 1rem }
          article { border-top: 1px solid #ccc }
          pre { white-space: pre-wrap; overflow-wrap: anywhere }
        </style>
        <h1>Inbox</h1>
        <p>What would have been mailed, newest first. Reload to look again.</p>
        ${shown.length > 0 ? shown : html`<p>No mail yet.</p>`}
      </html>`)
  })
}
