import { shortenAddress } from '../../../shared/address.ts'
import type { Ctx } from '../deps.ts'
import type { Allowance, Use } from './throttle.ts'

/** Attempts of one address at any account: a household or an office signs in, a list of passwords does not. */
export const LOGIN_OF_ADDRESS: Allowance = { name: 'login.address', burst: 30, refill_seconds: 10 }
/** Attempts of one network at one account. Others cannot use it up, so they cannot keep the owner out by it. */
export const LOGIN_OF_ACCOUNT_THERE: Allowance = { name: 'login.account-there', burst: 10, refill_seconds: 60 }
/**
 * Attempts of all networks together at one account, against a guess spread over many. Networks from which the account was
 * signed in to before do not count and are not held by it; from a new one the owner waits seconds, not hours.
 */
export const LOGIN_OF_ACCOUNT: Allowance = { name: 'login.account', burst: 50, refill_seconds: 15 }

/** Registrations from one address, each of which costs a hash and a mail. */
export const REGISTER_OF_ADDRESS: Allowance = { name: 'register.address', burst: 20, refill_seconds: 60 }
/** Mails to one address that a stranger can cause, whatever kind, known address or not. */
export const MAIL_TO: Allowance = { name: 'mail.to', burst: 5, refill_seconds: 300 }
/** Invitations that one tenant sends, to whomever. */
export const INVITE_OF_TENANT: Allowance = { name: 'invite.tenant', burst: 30, refill_seconds: 120 }
/** Guesses of mailed tokens from one address; 200 random bits hold anyway. */
export const TOKEN_OF_ADDRESS: Allowance = { name: 'token.address', burst: 30, refill_seconds: 10 }

/** The caller's own address as an allowance counts it: IPv6 by its /48, which is one customer's. Nobody's without a trusted proxy. */
export function ofAddress(ctx: Ctx, allowance: Allowance): Use[] {
  if (ctx.address === undefined) return []
  return [{ allowance, subject: ctx.address.includes(':') ? shortenAddress(ctx.address) : ctx.address }]
}

/** The caller's network, or one word for all whose address is not known. */
export function networkOf(ctx: Ctx): string {
  return ctx.address === undefined ? 'unknown' : shortenAddress(ctx.address)
}
