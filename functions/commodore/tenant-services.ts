/** Services that take tokens of users and of tenants, and have no table of either. */
export const TENANT_SERVICES = ['foghorn', 'quartermaster', 'periscope-query', 'purser', 'signalman'] as const
