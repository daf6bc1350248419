/** What all functions that answer HTTP are made of: Node 24 on ARM, and time for the slowest request they allow. */
export const common = { runtime: 'nodejs24.x', architecture: 'arm64', memory: '512 MB', timeout: '15 seconds' } as const

/** Of functions that do jobs: these are told to end, and then what an outbox has begun is waited for and recorded. */
export const JOBS_FUNCTION_TIMEOUT = '90 seconds'
