-- What wrk asks, told by the environment, and its figures as one line of JSON.
wrk.method = os.getenv("BENCH_METHOD")
local body = os.getenv("BENCH_BODY")
if body then
   local file = io.open(body, "rb")
   wrk.body = file:read("*a")
   file:close()
   wrk.headers["Content-Type"] = "application/json"
end

done = function(summary, latency, requests)
   local errors = summary.errors
   io.write(string.format('{"answers":%d,"seconds":%.6f,"refused":%d,"failed":%d,"p99_ms":%.3f}\n',
      summary.requests, summary.duration / 1e6, errors.status,
      errors.connect + errors.read + errors.write + errors.timeout, latency:percentile(99) / 1e3))
end
