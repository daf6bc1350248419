const SVG = 'http://www.w3.org/2000/svg'

type Attributes = Readonly<Record<string, string | number>>
type Child = Node | string

/** An HTML element. Everything that comes from outside is text or the value of an attribute, never markup. */
export function html<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name)
  set(element, attributes)
  element.append(...children)
  return element
}

export function svg<K extends keyof SVGElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(SVG, name)
  set(element, attributes)
  element.append(...children)
  return element
}

export function set(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value))
}

/** Changes a text only where it differs, so that what people have selected stays selected. */
export function write(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

/** The element of the page with this id, which the page's own markup has. */
export function find<T extends Element>(id: string, type: new () => T): T {
  const element = document.getElementById(id)
  if (element instanceof type) return element
  throw new TypeError(`the page has no #${id}`)
}
