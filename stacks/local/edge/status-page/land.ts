import topology from 'world-atlas/land-110m.json' with { type: 'json' }
import { z } from 'zod'

/** Degrees between two dots of the map. */
const STEP = 2.5
/** The map's edges: nobody hosts media nearer to the poles. */
const NORTH = 80
const SOUTH = -57.5

const Point = z.tuple([z.number(), z.number()])
type Point = z.infer<typeof Point>

/** As much of TopoJSON as Natural Earth's land needs. */
const Topology = z.object({
  transform: z.object({ scale: Point, translate: Point }),
  arcs: z.array(z.array(Point)),
  objects: z.object({
    land: z.object({ geometries: z.array(z.object({ arcs: z.array(z.array(z.array(z.int()))) })) }),
  }),
})

/**
 * The world's land as an SVG path in degrees (y is minus the latitude), one line a run of dots: drawn with dashes of
 * length 0 that are `STEP` apart and round, each line becomes its dots.
 */
export function drawLand(): string {
  const rings = readRings()
  const lines: string[] = []
  for (let latitude = NORTH; latitude >= SOUTH; latitude -= STEP) {
    let run = 0
    for (let longitude = -180; longitude <= 180; longitude += STEP) {
      if (longitude < 180 && isInside(rings, [longitude, latitude])) {
        run += STEP
        continue
      }
      // A little longer than to the last dot, which rounding would lose.
      if (run > 0) lines.push(`M${longitude - run} ${-latitude}h${run - STEP + 0.1}`)
      run = 0
    }
  }
  return lines.join('')
}

function readRings(): Point[][] {
  const { transform, arcs, objects } = Topology.parse(topology)
  const [scaleX, scaleY] = transform.scale
  const [left, top] = transform.translate
  const lines = arcs.map((deltas) => {
    let [x, y] = [0, 0]
    return deltas.map(([dx, dy]): Point => {
      x += dx
      y += dy
      return [x * scaleX + left, y * scaleY + top]
    })
  })
  // A negative index is the arc with that index's complement, backwards.
  const line = (index: number) => (index < 0 ? lines[~index]?.toReversed() : lines[index]) ?? []
  return objects.land.geometries.flatMap(({ arcs }) => arcs.flat()).map((indices) => indices.flatMap(line))
}

/** Even-odd over all rings at once: a lake's ring takes out what its land's put in. */
function isInside(rings: readonly Point[][], [x, y]: Point): boolean {
  let inside = false
  for (const ring of rings) {
    for (const [index, [ax, ay]] of ring.entries()) {
      const [bx, by] = ring.at(index - 1) ?? [ax, ay]
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside
    }
  }
  return inside
}
