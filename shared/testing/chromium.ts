import { access, constants } from 'node:fs/promises'
import { type Browser, chromium } from 'playwright-core'

/** Where Debian and its like put it; `CHROMIUM_PATH` names another. */
const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** A headless Chromium of the machine's own. As root it has no sandbox, and our own pages are all that it opens. */
export async function launchChromium(): Promise<Browser> {
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return chromium.launch({ executablePath: await findChromium(), args })
}

async function findChromium(): Promise<string> {
  const candidates = process.env.CHROMIUM_PATH ? [process.env.CHROMIUM_PATH] : PATHS
  for (const path of candidates) {
    const there = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (there) return path
  }
  throw new Error(`No Chromium at ${candidates.join(', ')}: apt-get install chromium, or name yours in CHROMIUM_PATH.`)
}
