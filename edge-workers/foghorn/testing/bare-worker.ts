/** The least that a redirect takes in workerd: the other side of the benchmark of look-ups. */
export default {
  fetch: (request) =>
    new Response(null, { status: 307, headers: { location: `https://edge.example${new URL(request.url).pathname}` } }),
} satisfies ExportedHandler
