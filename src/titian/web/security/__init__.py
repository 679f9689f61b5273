"""What stands between a request and a page: headers, origin and token checks, throttling."""
