/** What all functions that answer HTTP are made of: Node 24 on ARM, and time for the slowest request they allow. */
export const common = { runtime: 'nodejs24.x', architecture: 'arm64', memory: '512 MB', timeout: '15 seconds' } as const
