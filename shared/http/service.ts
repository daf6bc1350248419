/** A running service, however it is served: Lambda, a local port, or a test's `request`. */
export interface Service extends AsyncDisposable {
  fetch(request: Request): Response | Promise<Response>
}
