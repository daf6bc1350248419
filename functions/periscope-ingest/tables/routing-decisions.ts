import { json, quantityByWord, quantityOrNull, text, whole, word } from './column.ts'
import { table } from './table.ts'

/** Each choice of a host by Foghorn, with its score part by part. */
export const routingDecisions = table({
  name: 'routing_decisions',
  of: 'load-balancing',
  columns: {
    purpose: word,
    outcome: word,
    reason_code: word,
    playback_id: text,
    protocol: word,
    country_code: word,
    city: word,
    latitude: quantityOrNull,
    longitude: quantityOrNull,
    chosen_node_id: word,
    chosen_cluster_id: word,
    distance_km: quantityOrNull,
    score: quantityOrNull,
    score_parts: quantityByWord,
    candidates: json,
    candidates_total: whole,
    decision_us: whole,
    h3_cell: word,
  },
  toRows: ({ data: { place, reason_code, playback_id, protocol, chosen_node_id, chosen_cluster_id, ...data } }) => [
    {
      ...data,
      reason_code: reason_code ?? '',
      playback_id: playback_id ?? '',
      protocol: protocol ?? '',
      country_code: place?.country_code ?? '',
      city: place?.city ?? '',
      latitude: place?.latitude ?? null,
      longitude: place?.longitude ?? null,
      h3_cell: place?.h3_cell ?? '',
      chosen_node_id: chosen_node_id ?? '',
      chosen_cluster_id: chosen_cluster_id ?? '',
      candidates: JSON.stringify(data.candidates),
    },
  ],
})
