import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { Name, Role, SessionId, Tenant, TenantId, Time, UserId } from './fields.ts'

export const PASSWORD_LENGTH_MIN = 8
/** Longest password that is hashed: hashing costs the same for each, reading it does not. */
export const PASSWORD_LENGTH_MAX = 200
export const EMAIL_LENGTH_MAX = 254
/** Longest mailed or session token that is looked at; ours are under 64. */
const TOKEN_LENGTH_MAX = 256

const Email = z.string().trim().toLowerCase().max(EMAIL_LENGTH_MAX).pipe(z.email())
const NewPassword = z.string().min(PASSWORD_LENGTH_MIN).max(PASSWORD_LENGTH_MAX)
const Token = z.string().min(1).max(TOKEN_LENGTH_MAX)

export const RegisterRequest = z.strictObject({
  email: Email,
  password: NewPassword,
  tenant_name: Name.optional().describe('Name of the new tenant; the address if absent'),
})

export const RegisterResponse = z.object({
  email: z.string(),
  next: z.literal('verify_email').describe('What to do now; the same whether or not the address was taken'),
})

export const LoginRequest = z.strictObject({ email: Email, password: z.string().max(PASSWORD_LENGTH_MAX) })

export const VerifyEmailRequest = z.strictObject({ token: Token.describe('The `mt_…` secret of the mail') })
export const VerifyEmailResponse = z.object({ email: z.string(), next: z.literal('login') })

/** Where mail is to go; the answer is the same for an address that nobody has. */
export const MailRequest = z.strictObject({ email: Email })

export const ResetPasswordRequest = z.strictObject({
  token: Token.describe('The `mt_…` secret of the mail'),
  password: NewPassword,
})

export const ChangePasswordRequest = z.strictObject({
  current_password: z.string().max(PASSWORD_LENGTH_MAX),
  new_password: NewPassword,
})

export const UpdateMe = z.strictObject({ name: Name })

export const User = z.object({
  id: UserId,
  email: z.string(),
  name: z.string().describe('What others call the user; empty until told'),
  operator: z.boolean(),
  created_at: Time,
})

export const LoginResponse = z.object({
  access_token: z.string().describe('A JWT for `Authorization: Bearer`'),
  token_type: z.literal('Bearer'),
  expires_in: z.number().int().describe('Seconds'),
  refresh_token: z.string().describe('The `rt_…` secret by which `POST /auth/refresh` goes on; good once'),
  refresh_expires_in: z.number().int().describe('Seconds; each refresh starts anew'),
  user: User,
  tenant: Tenant,
})

export const Me = z.object({ user: User, tenant: Tenant })

export const RefreshRequest = z.strictObject({ refresh_token: Token })
export const LogoutRequest = z.strictObject({ refresh_token: Token })

// --- what services ask

export const VerifySessionRequest = z.object({
  user_id: UserId,
  session_id: SessionId.optional().describe('As the token has it'),
  tenant_id: TenantId,
})

export const VerifySessionResponse = z.discriminatedUnion('valid', [
  z.object({ valid: z.literal(true), role: Role.describe('Now, in the tenant'), operator: z.boolean() }),
  z.object({ valid: z.literal(false), reason: z.string() }),
])

export const verifySession = endpoint({
  method: 'POST',
  path: '/sessions/verify',
  request: VerifySessionRequest,
  response: VerifySessionResponse,
})
