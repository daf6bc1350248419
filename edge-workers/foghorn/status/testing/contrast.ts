import type { Page } from 'playwright-core'

/** WCAG 2.2, level AA, for text of any size. */
const CONTRAST_MIN = 4.5

/** The texts on a page whose colour is too near to what they stand on, each with its contrast. */
export async function findFaintTexts(page: Page): Promise<string[]> {
  const seen = (await page.evaluate(COLLECT)) as Seen[]
  const faint = seen.map(({ text, color, behind }) => ({ text, contrast: contrastOf(color, behind) }))
  return faint
    .filter(({ contrast }) => contrast < CONTRAST_MIN)
    .map(({ text, contrast }) => `${text}: ${contrast.toFixed(2)}`)
}

type Colour = [red: number, green: number, blue: number, alpha: number]

interface Seen {
  text: string
  color: Colour
  /** The backgrounds that it lies on, the nearest first. */
  behind: Colour[]
}

/** Runs in the page: a canvas turns every way of writing a colour into one. */
const COLLECT = `(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
  const toColour = (text) => {
    canvas.clearRect(0, 0, 1, 1)
    canvas.fillStyle = text
    canvas.fillRect(0, 0, 1, 1)
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data
    return [r, g, b, a / 255]
  }
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  const seen = []
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement
    const text = walker.currentNode.textContent.trim()
    if (text === '' || element instanceof SVGElement || ['SCRIPT', 'STYLE', 'NOSCRIPT'].includes(element.tagName)) continue
    if (!element.checkVisibility()) continue
    const behind = []
    for (let at = element; at; at = at.parentElement) behind.push(toColour(getComputedStyle(at).backgroundColor))
    seen.push({ text, color: toColour(getComputedStyle(element).color), behind })
  }
  return seen
})()`

function contrastOf(color: Colour, behind: readonly Colour[]): number {
  const ground = behind.toReversed().reduce(over, [255, 255, 255, 1])
  const [lighter, darker] = [luminance(over(ground, color)), luminance(ground)].toSorted((a, b) => b - a)
  return ((lighter ?? 0) + 0.05) / ((darker ?? 0) + 0.05)
}

function over([r, g, b]: Colour, [red, green, blue, alpha]: Colour): Colour {
  const mix = (below: number, above: number) => below + (above - below) * alpha
  return [mix(r, red), mix(g, green), mix(b, blue), 1]
}

function luminance([red, green, blue]: Colour): number {
  const linear = (part: number) => {
    const share = part / 255
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  }
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}
