const whole = new Intl.NumberFormat('en')

export function count(value: number): string {
  return whole.format(value)
}

/** A rate as networks are sold: `4.2 Gb/s`. */
export function bits(bytes_per_second: number): string {
  let value = bytes_per_second * 8
  for (const unit of ['b/s', 'kb/s', 'Mb/s']) {
    if (value < 1000) return `${short(value)} ${unit}`
    value /= 1000
  }
  return `${short(value)} Gb/s`
}

export function percent(ratio: number): string {
  return `${Math.round(ratio * 100)}%`
}

export function age(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

export function plural(amount: number, noun: string): string {
  return `${count(amount)} ${noun}${amount === 1 ? '' : 's'}`
}

/** The time of day on the looker's own clock. */
export function time(iso: string): string {
  return new Date(iso).toLocaleTimeString('en-GB')
}

function short(value: number): string {
  return value >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toFixed(1)
}
