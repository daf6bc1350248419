import { z } from 'zod'
import { InvitationId, Role, Tenant, TenantId, Time, UserId } from './fields.ts'

const EMAIL_LENGTH_MAX = 254
const TOKEN_LENGTH_MAX = 256

/** Invitations of one tenant that wait at a time. */
export const INVITATIONS_MAX = 100

export const Membership = z.object({ tenant: Tenant, joined_at: Time }).meta({ id: 'Membership' })

export const Member = z
  .object({ user_id: UserId, email: z.string(), name: z.string(), role: Role, joined_at: Time })
  .meta({ id: 'Member' })

export const ChangeMember = z.strictObject({ role: Role })

export const SwitchTenantRequest = z.strictObject({ tenant_id: TenantId })

export const SwitchTenantResponse = z.object({
  access_token: z.string().describe('A JWT for the other tenant; the session goes on there too'),
  token_type: z.literal('Bearer'),
  expires_in: z.number().int().describe('Seconds'),
  tenant: Tenant,
})

export const CreateInvitation = z.strictObject({
  email: z.string().trim().toLowerCase().max(EMAIL_LENGTH_MAX).pipe(z.email()),
  role: Role.describe('Only an owner invites owners'),
})

export const Invitation = z
  .object({ id: InvitationId, email: z.string(), role: Role, created_at: Time, expires_at: Time })
  .meta({ id: 'Invitation' })

export const AcceptInvitation = z.strictObject({
  token: z.string().min(1).max(TOKEN_LENGTH_MAX).describe('The `mt_…` secret of the mail'),
})
