"""The API, one router a resource: each route reads a request, calls one function of the service, wraps the answer."""
