/** The current time, injected so that tests decide what it is. */
export type Clock = () => Date

export const systemClock: Clock = () => new Date()
