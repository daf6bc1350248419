import type { SyntaxNode } from '@lezer/common'
import { parser } from '@prometheus-io/lezer-promql'

/** What a PromQL query asks for. */
export interface Query {
  /** Metrics by name, each with the labels that it is matched by. */
  selectors: { metric: string; labels: string[] }[]
  /** Labels that results are grouped or joined by. */
  grouping: string[]
}

/** Reads a query; throws when it is none, or when it selects something without a name. */
export function readQuery(text: string): Query {
  const query: Query = { selectors: [], grouping: [] }
  const textOf = ({ from, to }: SyntaxNode) => text.slice(from, to)
  parser.parse(text).iterate({
    enter: ({ node }) => {
      if (node.type.isError) throw new Error(`Not PromQL at ${node.from}: ${text}`)
      if (node.name === 'VectorSelector') {
        const metric = node.getChild('Identifier')
        if (!metric) throw new Error(`No metric is named: ${textOf(node)}`)
        const labels = node.getChild('LabelMatchers') ?? undefined
        const matchers = labels ? [...labels.getChildren('UnquotedLabelMatcher')] : []
        const names = matchers.flatMap((matcher) => matcher.getChild('LabelName') ?? [])
        query.selectors.push({ metric: textOf(metric), labels: names.map(textOf) })
      }
      if (node.name === 'GroupingLabels') query.grouping.push(...node.getChildren('LabelName').map(textOf))
    },
  })
  return query
}
