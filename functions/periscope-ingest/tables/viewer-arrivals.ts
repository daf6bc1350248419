import { text, word } from './column.ts'
import { table } from './table.ts'

/** Each viewer that came in, or was refused: says of an open session what `viewer_sessions` will say of a finished one. */
export const viewerArrivals = table({
  name: 'viewer_arrivals',
  of: 'user-connection',
  columns: {
    action: word,
    session_id: text,
    host: text,
    country_code: word,
    city: word,
    connector: word,
    request_url: text,
    reason_code: word,
    h3_cell: word,
  },
  toRows: ({ data }) => {
    if (data.action === 'disconnect') return []
    const { action, session_id, host, place, connector, request_url } = data
    return [
      {
        action,
        session_id,
        host,
        country_code: place?.country_code ?? '',
        city: place?.city ?? '',
        h3_cell: place?.h3_cell ?? '',
        connector,
        request_url,
        reason_code: action === 'denied' ? data.reason_code : '',
      },
    ]
  },
})
